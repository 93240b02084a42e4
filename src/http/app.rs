//! What every handler may reach: the capabilities, the limits, and what is known of this site.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use metrics_exporter_prometheus::PrometheusHandle;

use super::{answers::Answers, cookies::Cookies, limits::Limits, requests::Requests, site::Site};
use crate::{
    accounts::Accounts,
    bus::{Bus, BusState},
    config::Config,
    notify::Notifier,
    plans::Plans,
    store::{Health, Idempotency, Rates},
};

/// Large answers that are being read may take this part of what rooms may take, beside it.
const ANSWERS: usize = 8;

/// The state of all handlers.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) plans: Plans,
    pub(crate) notify: Notifier,
    pub(crate) idempotency: Arc<dyn Idempotency>,
    pub(crate) limits: Limits,
    pub(crate) requests: Requests,
    pub(crate) answers: Answers,
    pub(crate) site: Site,
    pub(crate) cookies: Cookies,
    /// The most bytes of a request's body. Documents don't travel this way.
    pub(crate) body_bytes: usize,
    pub(crate) metrics: Option<&'static PrometheusHandle>,
    health: Arc<dyn Health>,
    bus: Option<Arc<dyn Bus>>,
    draining: AtomicBool,
}

/// What an `App` is put together from.
pub struct Parts {
    /// People.
    pub accounts: Accounts,
    /// What they plan.
    pub plans: Plans,
    /// What they are told.
    pub notify: Notifier,
    /// How often people did what is limited, on all nodes.
    pub rates: Arc<dyn Rates>,
    /// Answers that may have to be given again.
    pub idempotency: Arc<dyn Idempotency>,
    /// Of the store.
    pub health: Arc<dyn Health>,
    /// To other nodes, if there may be any.
    pub bus: Option<Arc<dyn Bus>>,
    /// What tells the data that this server is on from any other.
    pub instance: String,
    /// The numbers of this process.
    pub metrics: Option<&'static PrometheusHandle>,
}

impl App {
    /// Puts the state together.
    pub fn new(parts: Parts, config: &Config) -> Self {
        Self {
            accounts: parts.accounts,
            plans: parts.plans,
            notify: parts.notify,
            idempotency: parts.idempotency,
            limits: Limits::new(&config.limits, parts.rates),
            requests: Requests::new(config.limits.connections),
            answers: Answers::new(config.limits.memory_bytes() / ANSWERS),
            site: Site::new(config),
            cookies: Cookies::new(&parts.instance, config.is_behind_tls()),
            body_bytes: config.limits.body_bytes,
            metrics: parts.metrics,
            health: parts.health,
            bus: parts.bus,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on `/readyz` says that this node goes away.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// To be called now and then: lets go of what is only remembered for a while.
    pub fn tidy(&self) {
        self.limits.sweep();
        if let Some(metrics) = self.metrics {
            metrics.run_upkeep();
        }
    }

    /// Whether this node should hear from others and does not. It goes on for its own people, and makes up for it.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.bus.as_ref().is_some_and(|bus| bus.state() == BusState::Down)
    }

    /// Why this node should get no visitors now, if so.
    pub(crate) async fn unready(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("draining");
        }
        self.health.check().await.err().map(|error| {
            tracing::warn!(%error, "the store is not ready");
            "the store is not ready"
        })
    }
}
