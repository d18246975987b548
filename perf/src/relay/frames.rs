//! Where frames end, for channels in which those of several sources must not be mixed.

use super::limits::FRAME_BYTES_MAX;

/// A stream that is not made of frames of acceptable size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoFrame;

/// Bytes of the whole frames at the start of `bytes`.
pub(super) fn whole(bytes: &[u8]) -> Result<usize, NoFrame> {
    let mut end = 0;
    while let Some(size) = size(&bytes[end..])? {
        if size > bytes.len() - end {
            break;
        }
        end += size;
    }
    Ok(end)
}

/// Bytes of the frame that starts here, as far as its length has arrived.
fn size(bytes: &[u8]) -> Result<Option<usize>, NoFrame> {
    let mut body = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(1 + place) else {
            return Ok(None);
        };
        body |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let size = 2 + place + body;
            return if size <= FRAME_BYTES_MAX {
                Ok(Some(size))
            } else {
                Err(NoFrame)
            };
        }
    }
    Err(NoFrame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: usize) -> Vec<u8> {
        let mut bytes = vec![0x30];
        let mut rest = body;
        loop {
            let low = u8::try_from(rest % 128).expect("below 128");
            rest /= 128;
            bytes.push(if rest > 0 { low | 0x80 } else { low });
            if rest == 0 {
                break;
            }
        }
        bytes.resize(bytes.len() + body, 7);
        bytes
    }

    #[test]
    fn a_stream_is_cut_after_the_last_whole_frame_wherever_it_ends() {
        let frames = [frame(0), frame(127), frame(128), frame(20_000)];
        let stream = frames.concat();
        let ends = frames.iter().scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        });
        let ends = ends.collect::<Vec<_>>();
        for length in 0..=stream.len() {
            let expected = ends.iter().copied().filter(|end| *end <= length).max();
            assert_eq!(whole(&stream[..length]), Ok(expected.unwrap_or(0)));
        }
    }

    #[test]
    fn lengths_that_never_end_or_are_too_large_are_refused() {
        assert_eq!(whole(&[0x30, 0x80, 0x80, 0x80, 0x80, 1]), Err(NoFrame));
        assert_eq!(whole(&[0x30, 0xff, 0xff, 0xff, 0x7f]), Err(NoFrame));
    }
}
