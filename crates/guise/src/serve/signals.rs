//! The signals to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::log;

/// Returns at the first SIGTERM or SIGINT. A second one ends the program at once.
pub(crate) async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received: only SIGKILL will stop the server");
        return std::future::pending().await;
    };
    either(&mut terminate, &mut interrupt).await;
    tracing::info!("stopping; a second signal ends it at once");
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        log::flush();
        std::process::exit(130);
    });
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
