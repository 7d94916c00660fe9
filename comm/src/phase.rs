//! The phases of a window.

use crate::error::{Class, Error};
use crate::waiting::{Call, Operation};

/// Who may use the parts of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Each rank uses its own part.
    Closed,
    /// All ranks read all parts.
    Open,
    /// It is not known where the others are: one failed while the window was opened or closed.
    Lost,
}

impl Phase {
    /// Checks that this is the phase that is needed.
    #[inline]
    pub(crate) fn check(self, needed: Phase) -> Result<(), Error> {
        match self == needed {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    /// Checks that a part can be read.
    #[inline]
    pub(crate) fn check_read(self, is_own: bool) -> Result<(), Error> {
        match self == Phase::Open || is_own && self == Phase::Closed {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    #[cold]
    fn error(self) -> Error {
        let text = match self {
            Phase::Closed => "it is closed, and others may be writing",
            Phase::Open => "it is open, and others may be reading",
            Phase::Lost => "it was lost when another rank failed",
        };
        Error::failed(Call::of_all(Operation::Window, 0), Class::Active, text)
    }
}
