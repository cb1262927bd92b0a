//! Masks as arrays, row by row: what the Object Detection API calls numerical masks, and what numpy has.

use super::rows::{Rows, transposed};
use super::{MaskError, PIXELS, pixels_of};

/// Puts a 1 for each pixel that is set and a 0 for each other behind what `array` has.
pub fn to_dense<Value>(runs: &[u32], size: [u32; 2], array: &mut Vec<Value>) -> Result<(), MaskError>
where
    Value: Copy + From<u8>,
{
    let rows = Rows::new(runs, size)?;
    let (start, width) = (array.len(), size[0] as usize);
    array.resize(start + width * size[1] as usize, Value::from(0));
    rows.each(|row, from, to| {
        let row = start + row as usize * width;
        array[row + from as usize..row + to as usize].fill(Value::from(1));
    });
    Ok(())
}

/// The runs of an array, of which each value but 0 (or `false`) is a pixel that is set.
pub fn from_dense<Value>(array: &[Value], size: [u32; 2]) -> Result<Vec<u32>, MaskError>
where
    Value: PartialEq + Default,
{
    let (has, wanted) = (array.len() as u64, pixels_of(size, PIXELS)?);
    if has != wanted {
        return Err(MaskError::Pixels(has, wanted));
    }
    let zero = Value::default();
    let (mut runs, mut run, mut last) = (Vec::new(), 0u32, false);
    for part in array.chunks(64) {
        // Most parts have no change, which is seen without a branch for each pixel.
        let set = part.iter().map(|value| u8::from(*value != zero)).sum::<u8>();
        if usize::from(set) == if last { part.len() } else { 0 } {
            run += part.len() as u32;
            continue;
        }
        for value in part {
            if (*value != zero) != last {
                runs.push(std::mem::take(&mut run));
                last = !last;
            }
            run += 1;
        }
    }
    runs.push(run);
    transposed(&runs, [size[1], size[0]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arrays() {
        let runs = [2, 3, 2, 1, 1, 2, 1];
        let mut array = vec![7.0f32];
        assert_eq!(to_dense(&runs, [4, 3], &mut array), Ok(()));
        assert_eq!(array, [7.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(from_dense(&array[1..], [4, 3]), Ok(runs.to_vec()));
        assert_eq!(from_dense(&array, [4, 3]), Err(MaskError::Pixels(13, 12)));
        assert_eq!(from_dense(&[0.0, f32::NAN, -0.0, -1.5], [4, 1]), Ok(vec![1, 1, 1, 1]));
        assert_eq!(to_dense(&[0, 1], [1, 2], &mut array), Err(MaskError::Pixels(1, 2)));
        assert_eq!(from_dense(&[true, true, false], [1, 3]), Ok(vec![0, 2, 1]));
        assert_eq!(from_dense::<u8>(&[], [0, 0]), Err(MaskError::Size(0, 0)));
    }

    proptest! {
        #[test]
        fn there_and_back(pixels in prop::collection::vec(0u8..2, 1..400), height in 1usize..20) {
            let width = pixels.len() / height;
            prop_assume!(width > 0);
            let pixels = &pixels[..width * height];
            let size = [width as u32, height as u32];
            let mut back = Vec::<u8>::new();
            to_dense(&from_dense(pixels, size).unwrap(), size, &mut back).unwrap();
            prop_assert_eq!(back, pixels);
        }
    }
}
