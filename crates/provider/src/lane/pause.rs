//! A time during which a lane starts nothing, because the vendor said when to come back.
//!
//! In: refusals with a time, and answers. Out: until when to wait. An answer to an attempt that
//! started no earlier than the refused one shows that the endpoint does serve others meanwhile; where most
//! are served, the lane goes on and only the refused call waits out its time.

use tokio::time::Instant;

/// Most throttled outcomes of a round at which an answer ends a pause.
const MOSTLY_SERVED: f64 = 0.5;

/// The pause of a lane, if any.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    current: Option<Current>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    until: Instant,
    refused_started: Instant,
}

impl Pause {
    /// A call that started at `started` was refused until `until`.
    pub(crate) fn refuse(&mut self, started: Instant, until: Instant) {
        let current = self.current.get_or_insert(Current {
            until,
            refused_started: started,
        });
        current.until = current.until.max(until);
        current.refused_started = current.refused_started.max(started);
    }

    /// A call that started at `started` was answered; true = the pause ended by it.
    pub(crate) fn served(&mut self, started: Instant, throttled_share: f64) -> bool {
        let ends = self.current.is_some_and(|current| {
            started >= current.refused_started && throttled_share <= MOSTLY_SERVED
        });
        if ends {
            self.current = None;
        }
        ends
    }

    /// Until when to wait; `None` = no pause.
    pub(crate) fn until(&mut self, now: Instant) -> Option<Instant> {
        if self.current.is_some_and(|current| current.until <= now) {
            self.current = None;
        }
        self.current.map(|current| current.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_lasts_until_the_latest_time_or_until_others_are_served() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pause = Pause::default();
        assert_eq!(pause.until(at(0)), None);
        pause.refuse(at(5), at(1000));
        pause.refuse(at(7), at(500));
        assert_eq!(pause.until(at(20)), Some(at(1000)));
        // Sent before the refused one: says nothing about now.
        assert!(!pause.served(at(6), 0.0));
        assert!(!pause.served(at(8), 0.9));
        assert_eq!(pause.until(at(20)), Some(at(1000)));
        assert!(pause.served(at(8), 0.1));
        assert_eq!(pause.until(at(20)), None);
        pause.refuse(at(30), at(60));
        assert_eq!(pause.until(at(60)), None);
    }
}
