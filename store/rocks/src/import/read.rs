//! An archive, read from a stream.

use std::io::{self, Read};

use store_archive::{ArchiveError, Decoder, HEADER_BYTES, Header, Item};

use super::ImportError;

pub(super) struct Archive<'a> {
    from: &'a mut dyn Read,
    decoder: Decoder,
    frame: Vec<u8>,
}

impl<'a> Archive<'a> {
    /// Reads the header.
    pub(super) fn open(from: &'a mut dyn Read) -> Result<(Self, Header), ImportError> {
        let mut header = [0; HEADER_BYTES];
        fill(from, &mut header)?;
        let (decoder, header) = Decoder::new(&header)?;
        let frame = Vec::new();
        let archive = Self {
            from,
            decoder,
            frame,
        };
        Ok((archive, header))
    }

    /// The next frame.
    pub(super) fn frame(&mut self) -> Result<Item<'_>, ImportError> {
        let mut prefix = [0; 4];
        fill(self.from, &mut prefix)?;
        let length = self.decoder.length(prefix)?;
        self.frame.clear();
        // No more memory than there are bytes, whatever the length says.
        let mut rest = self.from.take(length as u64);
        let read = rest.read_to_end(&mut self.frame).map_err(unreadable)?;
        if read < length {
            return Err(ArchiveError::Truncated.into());
        }
        Ok(self.decoder.frame(&self.frame)?)
    }

    /// Makes sure that nothing is left.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        let mut one = [0];
        match self.from.read(&mut one).map_err(unreadable)? {
            0 => Ok(()),
            _ => Err(ArchiveError::Trailing.into()),
        }
    }
}

fn fill(from: &mut dyn Read, bytes: &mut [u8]) -> Result<(), ImportError> {
    from.read_exact(bytes).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return ArchiveError::Truncated.into();
        }
        unreadable(error)
    })
}

const fn unreadable(error: io::Error) -> ImportError {
    let verb = "read the archive";
    ImportError::File { verb, error }
}
