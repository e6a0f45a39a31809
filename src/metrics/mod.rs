//! What is measured and counted, and how a Prometheus reads it: values in, text out.
//!
//! [`Measures`] is kept by the desk while it works; [`Figures`] is what holds at one moment, put
//! together by the desk. [`expose`] writes both in OpenMetrics 1.0.

mod expose;
mod figures;
mod measures;

pub use expose::{CONTENT_TYPE, expose};
pub use figures::{Count, Figures, Kept, Stand};
pub use measures::Measures;
