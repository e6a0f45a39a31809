//! Points in time: seconds, and nanoseconds where there are any.

use jiff::Timestamp;
use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// A timestamp, kept to the nanosecond: a whole number of seconds, or seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Stamp(pub Timestamp);

impl Default for Stamp {
    fn default() -> Self {
        Self(Timestamp::UNIX_EPOCH)
    }
}

impl<C> Encode<C> for Stamp {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self.0.subsec_nanosecond() {
            0 => e.i64(self.0.as_second())?,
            nanos => e.array(2)?.i64(self.0.as_second())?.i32(nanos)?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Stamp {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let (seconds, nanos) = if d.datatype()? == Type::Array {
            d.array()?;
            (d.i64()?, d.i32()?)
        } else {
            (d.i64()?, 0)
        };
        Timestamp::new(seconds, nanos).map(Self).map_err(|_| Error::message("a time out of bounds"))
    }
}
