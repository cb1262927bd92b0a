//! One clip: a block of one record, of many images.
//!
//! Images are read one behind the other to where the record will be; what is said of them grows beside it, list by list, and is put
//! around them at the end. So a clip takes the memory of its record, and no more than one of those that are larger than what is on
//! its way at a time (see [`super`]) is made at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::block::{Builder, Mode, Outcome, Unusable};
use super::buffer::Buffer;
use super::tell::Teller;
use crate::convert::clips::timestamps;
use crate::convert::plan::PlannedImage;
use crate::convert::reencode::Reencode;
use crate::convert::schema::sequence;
use crate::dataset::{NO_SOURCE, Place, ProblemKind};
use crate::example::{self, Feature, Steps, put_step_head, step_len};
use crate::image::Header;
use crate::record;

/// What of the clip is there.
#[derive(Default)]
struct Clip {
    steps: Steps,
    /// Bytes of the list of images.
    images: usize,
    /// Of the first frame.
    header: Option<Header>,
    /// When the first and the last frame were.
    times: Option<[i64; 2]>,
    /// The frames that are there.
    frames: Vec<PlannedImage>,
}

/// Why `clip` has no record.
fn too_large(clip: &str, frames: usize, bytes: u64) -> Unusable {
    let message = format!(
        "clip {clip:?} of {frames} frames would have {bytes} bytes, more than a SequenceExample can hold (2 GiB); frames in \
         several folders are several clips, and --reencode jpeg:90 makes them smaller"
    );
    Unusable(ProblemKind::LargeClip, message)
}

impl<'a> Builder<'a> {
    /// Appends the record of the clip called `name` to `block`; with [`Mode::Measure`] only its length counts.
    pub fn add_clip(
        &mut self,
        name: &str,
        frames: &[PlannedImage],
        mode: Mode,
        block: &mut Buffer,
        outcome: &mut Outcome,
        cancelled: &AtomicBool,
    ) {
        let mut clip = Clip::default();
        let mut told = Outcome::default();
        let made = self.try_clip(name, frames, mode, block, (&mut clip, &mut told, outcome), cancelled);
        outcome.read += told.read;
        match made {
            Ok(()) => outcome.merge(Outcome { read: 0, ..told }),
            Err(Unusable(kind, message)) => {
                outcome.problems.append(told.problems);
                let first = frames.first().map_or("", |frame| self.dataset.images.key.get(frame.row));
                outcome.problems.push(kind, Place::file(first), message);
                for frame in clip.frames {
                    outcome.skipped.image(kind.word(), self.dataset.objects_of(frame.row).len() as u64);
                }
            }
        }
    }

    /// Of frames that are left out is told in `left_out`, of the others in `told`: they are left out, too, if the clip is.
    fn try_clip(
        &mut self,
        name: &str,
        frames: &[PlannedImage],
        mode: Mode,
        block: &mut Buffer,
        (clip, told, left_out): (&mut Clip, &mut Outcome, &mut Outcome),
        cancelled: &AtomicBool,
    ) -> Result<(), Unusable> {
        let planned: u64 = frames.iter().map(|frame| frame.bytes).sum();
        if planned > example::MAX_LEN && !matches!(self.content.reencode, Reencode::Png | Reencode::Jpeg(_)) {
            clip.frames = frames.to_vec();
            return Err(too_large(name, frames.len(), planned));
        }
        // Memory that grows piece by piece is copied each time.
        let whole =
            frames.iter().map(|frame| step_len(frame.bytes as usize)).sum::<usize>().min(example::MAX_LEN as usize);
        block.room(record::HEADER_LEN, whole + 1).map_err(|message| Unusable(ProblemKind::LargeClip, message))?;
        for (number, (frame, time)) in frames.iter().zip(timestamps(self.dataset, frames)).enumerate() {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut own = Outcome::default();
            match self.add_frame(*frame, name, time, block, clip, &mut own) {
                Ok(()) => {
                    clip.frames.push(*frame);
                    told.merge(own);
                }
                Err(Unusable(kind, message)) => {
                    left_out.read += own.read;
                    left_out.problems.append(own.problems);
                    let key = self.dataset.images.key.get(frame.row);
                    left_out.problems.push(kind, Place::file(key), message);
                    left_out.skipped.image(kind.word(), self.dataset.objects_of(frame.row).len() as u64);
                }
            }
            let bytes = (clip.images + clip.steps.bytes()) as u64;
            if bytes > example::MAX_LEN {
                clip.frames.extend(&frames[number + 1..]);
                return Err(too_large(name, frames.len(), bytes));
            }
        }
        let (Some(header), Some([start, end])) = (clip.header, clip.times) else { return Ok(()) };
        let context = [
            ("clip/end/timestamp", Feature::int64(end)),
            ("clip/frames", Feature::int64(clip.steps.len() as i64)),
            ("clip/media_id", Feature::text(name)),
            ("clip/start/timestamp", Feature::int64(start)),
            ("example/dataset_name", Feature::text(&self.content.name)),
            ("image/channels", Feature::int64(3)),
            ("image/format", Feature::text(header.kind.format_name())),
            ("image/height", Feature::int64(header.height.into())),
            ("image/width", Feature::int64(header.width.into())),
        ];
        self.around.clear();
        let hole = clip.steps.encode_around(&context, ("image/encoded", clip.images), &mut self.around);
        let payload = self.around.len() + clip.images;
        let hole = hole.ok().filter(|_| payload as u64 <= example::MAX_LEN);
        let hole = hole.ok_or_else(|| too_large(name, frames.len(), payload as u64))?;
        if mode == Mode::Write {
            block
                .put_record(record::HEADER_LEN, clip.images, &self.around, &[hole])
                .map_err(|message| Unusable(ProblemKind::LargeClip, message))?;
        }
        told.records += 1;
        told.bytes += (payload + record::OVERHEAD) as u64;
        Ok(())
    }

    /// Adds a frame to `clip` and its image to `block`.
    fn add_frame(
        &self,
        frame: PlannedImage,
        name: &str,
        time: i64,
        block: &mut Buffer,
        clip: &mut Clip,
        outcome: &mut Outcome,
    ) -> Result<(), Unusable> {
        // What stands before an image depends on its length.
        let place = |len: usize| record::HEADER_LEN + clip.images + step_len(len) - len;
        let fetched = self.fetch(frame, block, place, outcome)?;
        differs(name, &clip.header.unwrap_or(fetched.header), &fetched.header)?;
        let annotated = self.dataset.images.source[frame.row] != NO_SOURCE;
        let teller = Teller { dataset: self.dataset, content: self.content };
        let told = teller.tell(frame, &fetched, outcome, |sample| {
            let steps = &mut clip.steps;
            steps.begin();
            sequence::of_frame(sample).for_each(|(key, feature)| steps.add(&key, &feature));
            steps.add("image/timestamp", &Feature::int64(time));
            steps.add("region/is_annotated", &Feature::int64(annotated.into()));
            Ok(())
        })?;
        let Some(()) = told else { return Ok(()) };
        clip.header.get_or_insert(fetched.header);
        let mut head = Vec::new();
        put_step_head(fetched.len, &mut head);
        let room = block.room(record::HEADER_LEN + clip.images, head.len());
        room.map_err(|message| Unusable(ProblemKind::LargeClip, message))?.copy_from_slice(&head);
        clip.images += head.len() + fetched.len;
        clip.times.get_or_insert([time, time])[1] = time;
        Ok(())
    }
}

/// Refuses a frame that is not as the `first` of its clip: size and format are said once for all.
fn differs(clip: &str, first: &Header, header: &Header) -> Result<(), Unusable> {
    let refuse = |message: String| Err(Unusable(ProblemKind::OddFrame, message));
    if (header.width, header.height) != (first.width, first.height) {
        return refuse(format!(
            "is {}x{}, the first frame of clip {clip:?} is {}x{}",
            header.width, header.height, first.width, first.height
        ));
    }
    if header.kind != first.kind {
        return refuse(format!(
            "is {}, the first frame of clip {clip:?} is {} (--reencode png makes them alike)",
            header.kind, first.kind
        ));
    }
    Ok(())
}
