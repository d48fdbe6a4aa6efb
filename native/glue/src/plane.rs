//! The plane's threads, as Python starts, feeds and reads them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use gtm_plane::conduct::Conduct;
use gtm_plane::limit::{Limiter as NativeLimiter, Note, Rate, Span, Verdict};
use gtm_plane::plane::{Listening, Plane as Native, Proto};
use gtm_plane::proxy::Balancers;
use gtm_plane::punt::Punt as NativePunt;
use gtm_plane::stats::{Dropped, Totals as NativeTotals};
use gtm_plane::sys;
use gtm_plane::tap::Tapped;
use gtm_plane::tcp::Limits;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::numbers;
use crate::interface::Interface;
use crate::tables::Tables;

/// What was counted: answers of tallies that have some, what was dropped, durations, their
/// seconds, and answers over the rate limit that were cut and dropped.
type Totals<'py> = (Vec<(u32, u64)>, Bound<'py, PyDict>, Vec<u64>, f64, [u64; 2]);

/// A rate limit, in the order of `Rate`'s fields.
pub type Rated = (u32, f64, u32, u32, u32, Vec<Span>);

/// An answer for the query log: see `Plane::tapped`.
type Noted<'py> = (
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    String,
    bool,
    f64,
    u32,
    u64,
);

/// Threads that answer from tables, without Python's lock.
#[pyclass(frozen, module = "gtm._native")]
pub struct Plane {
    native: Arc<Native>,
}

#[pymethods]
impl Plane {
    /// Starts answering on listeners: file descriptors of UDP sockets, that of TCP, and whether
    /// they are bound to a wildcard.
    ///
    /// The descriptors are duplicated. `limits` are of TCP: connections, those of one client, and
    /// seconds that one may be idle, and last. `rate` is what client networks get over UDP: answers
    /// a second, seconds of burst, prefixes of IPv4 and IPv6, slip, and who is exempt. `balancers`,
    /// by address and prefix length, send PROXY headers. Raises OSError, and ValueError for what is
    /// no network.
    #[new]
    #[pyo3(signature = (listeners, tables, limits, rate=None, balancers=None))]
    fn start(
        py: Python<'_>,
        listeners: Vec<(Vec<i32>, i32, bool)>,
        tables: &Tables,
        limits: (usize, usize, f64, f64),
        rate: Option<Rated>,
        balancers: Option<Vec<(IpAddr, u8)>>,
    ) -> PyResult<Self> {
        let balancers = Balancers::new(balancers.unwrap_or_default())
            .ok_or_else(|| PyValueError::new_err("a prefix that is longer than its address"))?;
        let mut bound = Vec::new();
        for (udp, tcp, wildcard) in listeners {
            bound.push(Listening {
                udp: udp
                    .into_iter()
                    .map(sys::duplicate)
                    .collect::<Result<_, _>>()?,
                tcp: sys::duplicate(tcp)?,
                wildcard,
            });
        }
        let (connections, per_client, idle, lifetime) = limits;
        let limits = Limits {
            connections,
            per_client,
            idle: Duration::try_from_secs_f64(idle).unwrap_or(Duration::MAX),
            lifetime: Duration::try_from_secs_f64(lifetime).unwrap_or(Duration::MAX),
            rate: rate.map(rated).unwrap_or_default(),
            ..Limits::default()
        };
        let (first, tallies) = (tables.snapshot(), tables.tallies());
        let native =
            py.detach(|| Native::start_behind(bound, first, tallies, limits, balancers))?;
        Ok(Self {
            native: Arc::new(native),
        })
    }

    /// Answers what comes to an interface too, which is the plane's from now on; the tables are
    /// those that it answers from. Raises OSError.
    fn serve(&self, py: Python<'_>, interface: &Interface, tables: &Tables) -> PyResult<()> {
        let (opened, tallies) = (interface.take()?, tables.tallies());
        Ok(py.detach(|| self.native.serve(opened, tallies))?)
    }

    /// Answers from these tables from now on.
    fn publish(&self, py: Python<'_>, tables: &Tables) {
        let (snapshot, tallies) = (tables.snapshot(), tables.tallies());
        py.detach(|| self.native.publish(snapshot, tallies));
    }

    /// Answers by these words of the server from now on: what NSID answers, and the secrets of
    /// cookies, the first of which makes new ones.
    fn behave(&self, identity: Option<Vec<u8>>, secrets: Vec<[u8; 16]>) {
        self.native.behave(conduct(identity, secrets));
    }

    /// Has every so-manieth answer noted for the query log from now on; none with 0.
    fn tap(&self, every: u32) {
        self.native.tap(every);
    }

    /// What was noted, so many at a time, waiting so many seconds for the first: query, answer,
    /// sender, whether it came over UDP, Unix time, counter, epoch. Beside it, how many answers
    /// were wanted so far and lost.
    fn tapped<'py>(&self, py: Python<'py>, most: usize, seconds: f64) -> (Vec<Noted<'py>>, u64) {
        let at_most = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let (taken, lost) = py.detach(|| self.native.tapped(most, at_most));
        let told = |each: Tapped| {
            (
                PyBytes::new(py, &each.packet),
                PyBytes::new(py, &each.answer),
                each.sender.to_string(),
                each.udp,
                each.at,
                each.tally,
                each.epoch,
            )
        };
        (taken.into_iter().map(told).collect(), lost)
    }

    /// Networks over the rate limit since the last call: how long addresses of the family are, the
    /// first address, answers cut, and dropped.
    fn limited(&self, py: Python<'_>) -> Vec<(u32, u128, u64, u64)> {
        let notes = py.detach(|| self.native.limited());
        let told = |note: Note| (note.bits, note.network, note.cut, note.dropped);
        notes.into_iter().map(told).collect()
    }

    /// The next packet for the reference responder; None if none comes for so long.
    fn punted(&self, py: Python<'_>, seconds: f64) -> Option<Punt> {
        let at_most = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let native = py.detach(|| self.native.next_punt(at_most))?;
        Some(Punt { native })
    }

    /// Sends the answer to a punted packet, or (None) lets it go without one.
    #[pyo3(signature = (punt, message))]
    fn reply(&self, py: Python<'_>, punt: &Punt, message: Option<&[u8]>) {
        py.detach(|| self.native.reply(&punt.native, message));
    }

    /// Sends one of the messages of an answer over TCP; `reply` has to follow with the last. Waits
    /// so long for a client that does not read. False if that was too long, or it is gone.
    fn reply_part(&self, py: Python<'_>, punt: &Punt, message: &[u8], seconds: f64) -> bool {
        let at_most = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        py.detach(|| self.native.reply_part(&punt.native, message, at_most))
    }

    /// What was counted for a listener over UDP or TCP.
    fn totals<'py>(&self, py: Python<'py>, listener: usize, udp: bool) -> PyResult<Totals<'py>> {
        let proto = if udp { Proto::Udp } else { Proto::Tcp };
        let totals = py.detach(|| self.native.counters(listener, proto));
        told(py, totals)
    }

    /// Connections over TCP that are open now, and that came so far.
    fn connections(&self, listener: usize) -> (u64, u64) {
        self.native.connections(listener)
    }

    /// What was counted for an interface, by its place among those served, over IPv4 or IPv6.
    fn interface_totals<'py>(
        &self,
        py: Python<'py>,
        interface: usize,
        ipv6: bool,
    ) -> PyResult<Totals<'py>> {
        let totals = py.detach(|| self.native.interface_counters(interface, ipv6));
        told(py, totals)
    }

    /// Says that another process has the sockets too: nothing it would notice is done to them.
    fn share(&self) {
        self.native.share();
    }

    /// Receives and accepts nothing from now on; connections are served while their clients ask.
    fn retire(&self) {
        self.native.retire();
    }

    /// Whether all threads run.
    fn alive(&self) -> bool {
        self.native.alive()
    }

    /// Answers so far by kind of tally, as unsigned numbers of 64 bits, and timed ones by bucket.
    ///
    /// `kinds` has the kind of each tally, as unsigned numbers of 32 bits, all of them below
    /// `count`.
    fn summed<'py>(
        &self,
        py: Python<'py>,
        kinds: &Bound<'py, PyAny>,
        count: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Vec<u64>)> {
        let kinds = numbers::<u32>(kinds)?;
        let sums = py.detach(|| self.native.summed(&kinds, count));
        let octets: Vec<u8> = sums
            .counts
            .iter()
            .flat_map(|sum| sum.to_ne_bytes())
            .collect();
        Ok((PyBytes::new(py, &octets), sums.durations.to_vec()))
    }

    /// Ends all threads, and closes the duplicates.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.native.stop());
    }
}

/// The server's words as the plane has them.
pub fn conduct(identity: Option<Vec<u8>>, secrets: Vec<[u8; 16]>) -> Conduct {
    Conduct {
        identity: identity.map(Vec::into_boxed_slice),
        secrets: secrets.into(),
    }
}

fn rated((per_second, burst, prefix4, prefix6, slip, allow): Rated) -> Rate {
    Rate {
        per_second,
        burst,
        prefix4,
        prefix6,
        slip,
        allow: allow.into(),
    }
}

fn told(py: Python<'_>, totals: NativeTotals) -> PyResult<Totals<'_>> {
    let dropped = PyDict::new(py);
    for (reason, count) in Dropped::ALL.iter().zip(totals.dropped) {
        if count > 0 {
            dropped.set_item(reason.name(), count)?;
        }
    }
    let durations = totals.durations.to_vec();
    Ok((
        totals.counts.pairs().to_vec(),
        dropped,
        durations,
        totals.seconds,
        totals.limited,
    ))
}

/// A packet for the reference responder.
#[pyclass(frozen, module = "gtm._native")]
pub struct Punt {
    native: NativePunt,
}

#[pymethods]
impl Punt {
    /// What came.
    #[getter]
    fn packet<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.native.packet)
    }

    /// Who sent it.
    #[getter]
    fn sender(&self) -> String {
        self.native.sender.to_string()
    }

    /// Whether it came over UDP.
    #[getter]
    fn udp(&self) -> bool {
        self.native.udp
    }

    /// Whether the answer is to be truncated, as its sender's network had too many.
    #[getter]
    fn cut(&self) -> bool {
        self.native.cut
    }

    /// Whether it came to an interface, not to a listener.
    #[getter]
    fn by_interface(&self) -> bool {
        self.native.by_interface()
    }

    /// The number of the listener, or of the interface, that it came to.
    #[getter]
    fn listener(&self) -> usize {
        self.native.listener
    }
}

/// The rate limit of one worker, for comparison with Python's.
#[pyclass(module = "gtm._native")]
pub struct Limiter {
    native: Option<NativeLimiter>,
}

#[pymethods]
impl Limiter {
    /// The limit divided among so many workers.
    #[new]
    fn new(rate: Rated, share: usize) -> Self {
        let native = NativeLimiter::new(&rated(rate), share, Arc::default());
        Self { native }
    }

    /// What becomes of an answer to a sender: "full", "cut" or "drop".
    fn judge(&mut self, sender: IpAddr, now: f64, random: u32) -> &'static str {
        let judge = |limiter: &mut NativeLimiter| limiter.judge(sender, now, random);
        match self.native.as_mut().map_or(Verdict::Full, judge) {
            Verdict::Full => "full",
            Verdict::Cut => "cut",
            Verdict::Drop => "drop",
        }
    }
}

/// Makes the calling thread yield to those that answer.
#[pyfunction]
pub fn be_patient() {
    // without it ordinary answers wait a little longer where punted packets are many
    let _ = sys::be_patient();
}
