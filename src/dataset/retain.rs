//! A part of a dataset.

use super::{Dataset, Images, Strings};

impl Dataset {
    /// The images that `keeps_image` says and on them the objects that `keeps_object` says, both by row, in the same order.
    #[must_use]
    pub fn retain(self, keeps_image: impl Fn(usize) -> bool, keeps_object: impl Fn(usize) -> bool) -> Self {
        let mut image_places: Vec<Option<u32>> = vec![None; self.len()];
        let mut object_places: Vec<Option<u32>> = vec![None; self.objects.len()];
        let (mut rows, mut object_end, mut objects) = (Vec::new(), Vec::new(), 0);
        for row in (0..self.len()).filter(|row| keeps_image(*row)) {
            image_places[row] = Some(rows.len() as u32);
            rows.push(row);
            for object in self.objects_of(row).filter(|object| keeps_object(*object)) {
                object_places[object] = Some(objects);
                objects += 1;
            }
            object_end.push(u64::from(objects));
        }
        let Images {
            key,
            name,
            root,
            file,
            span,
            width,
            height,
            id,
            url,
            called,
            captions,
            labels,
            ignored,
            split,
            source,
            line,
            rank,
            ..
        } = self.images;
        let text = |column: &Strings| {
            let mut kept = Strings::default();
            for row in &rows {
                kept.push(column.get(*row));
            }
            kept
        };
        fn dense<T: Copy>(rows: &[usize], column: &[T]) -> Vec<T> {
            rows.iter().map(|row| column[*row]).collect()
        }
        let images = Images {
            key: text(&key),
            name: text(&name),
            root: dense(&rows, &root),
            file: text(&file),
            span: span.moved(&image_places, rows.len()),
            width: dense(&rows, &width),
            height: dense(&rows, &height),
            id: id.moved(&image_places, rows.len()),
            url: url.moved(&image_places, rows.len()),
            called: called.moved(&image_places, rows.len()),
            captions: captions.moved(&image_places, rows.len()),
            labels: labels.moved(&image_places, rows.len()),
            ignored: ignored.moved(&image_places, rows.len()),
            split: dense(&rows, &split),
            source: dense(&rows, &source),
            line: dense(&rows, &line),
            rank: dense(&rows, &rank),
            object_end,
        };
        Self { images, objects: self.objects.moved(&object_places, objects as usize), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Image, Object};
    use super::*;

    #[test]
    fn columns_stay_together() {
        let mut dataset = Dataset::default();
        for number in 0..4u32 {
            let key = format!("{number}.png");
            let image = Image {
                key: &key,
                name: &key,
                file: Some((0, &key)),
                size: (number, 9),
                source: (0, number + 10),
                rank: 7 - number,
                id: (number % 2 == 1).then_some(i64::from(number)),
                labels: vec![number],
                ignored: vec![[0.0, 0.0, f64::from(number), 1.0]],
                ..Image::default()
            };
            let object =
                |class| Object { class, line: number * 10 + class, score: Some(class.into()), ..Object::default() };
            dataset.push(image, (0..number).map(object));
        }
        // Image 3 has the objects of classes 0, 1 and 2; image 1 that of class 0.
        let class = dataset.objects.class.clone();
        let kept = dataset.retain(|row| row % 2 == 1, |object| class[object] != 1);
        assert_eq!(kept.images.key.iter().collect::<Vec<_>>(), ["1.png", "3.png"]);
        assert_eq!(kept.images.file.iter().collect::<Vec<_>>(), ["1.png", "3.png"]);
        assert_eq!((kept.images.width.as_slice(), kept.images.line.as_slice()), (&[1, 3][..], &[11, 13][..]));
        assert_eq!(kept.images.rank, [6, 4]);
        assert_eq!(kept.images.ignored.get(1), Some(&vec![[0.0, 0.0, 3.0, 1.0]]));
        assert_eq!((kept.images.id.get(0), kept.images.id.get(1)), (Some(&1), Some(&3)));
        assert_eq!(kept.images.labels.get(1), Some(&vec![3]));
        assert_eq!((kept.objects_of(0), kept.objects_of(1)), (0..1, 1..3));
        assert_eq!((kept.objects.class.as_slice(), kept.objects.line.as_slice()), (&[0, 0, 2][..], &[10, 30, 32][..]));
        assert_eq!(kept.objects.score.iter().collect::<Vec<_>>(), [(0, &0.0), (1, &0.0), (2, &2.0)]);
        assert_eq!((kept.len(), kept.objects.len()), (2, 3));
    }
}
