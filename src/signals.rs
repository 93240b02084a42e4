//! What the system says to the process: stop, stop at once, start again.

use std::io::{self, IsTerminal};

use moim::Stop;

/// The signals that are listened for, from the moment on that this exists.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    /// Started by hand, from a terminal.
    by_hand: bool,
}

enum Heard {
    Stop,
    StartAgain,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            hang_up: signal(SignalKind::hangup())?,
            by_hand: io::stdin().is_terminal(),
        })
    }

    /// Passes them on. The first that says stop stops in order, the second one at once.
    pub(crate) async fn pass_on(mut self, stop: Stop) -> io::Result<()> {
        loop {
            match self.next().await? {
                Heard::StartAgain => stop.again.notify_one(),
                Heard::Stop if stop.in_order.is_cancelled() => stop.at_once.cancel(),
                Heard::Stop => stop.in_order.cancel(),
            }
        }
    }

    async fn next(&mut self) -> io::Result<Heard> {
        #[cfg(unix)]
        let (terminated, hung_up) = (self.terminate.recv(), self.hang_up.recv());
        #[cfg(not(unix))]
        let never = std::future::pending::<Option<()>>;
        #[cfg(not(unix))]
        let (terminated, hung_up) = (never(), never());
        tokio::select! {
            heard = tokio::signal::ctrl_c() => heard.map(|()| Heard::Stop),
            _ = terminated => Ok(Heard::Stop),
            // Who closes the terminal wants no server that nobody sees.
            _ = hung_up => Ok(if self.by_hand && !io::stdin().is_terminal() {
                Heard::Stop
            } else {
                Heard::StartAgain
            }),
        }
    }
}
