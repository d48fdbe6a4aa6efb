//! Delegations from Python: where they are, and what is answered there.

use gtm_plane::names::{self, Builder, Entry, Record, Referral, View};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::secure;
use crate::sets::Set;
use crate::wire::ancestors;

/// Types on the wire (RFC 1035 section 3.2.2, RFC 3596 section 2.1).
const NS: u16 = 2;
const DS: u16 = 43;
const ADDRESSES: [u16; 2] = [1, 28];
/// The root's name: a server of that name has no address here.
const ROOT: &[u8] = b"\0";

/// Where a name stands to its zone's delegations.
pub enum Cut<'py> {
    /// It is delegated, and nothing above it is: with its node (`gtm.snapshot.Node`).
    Here(Referral, Bound<'py, PyAny>),
    /// Something above it is delegated: what is answered is said there.
    Above,
    /// Nothing is; `known` says whether the zone has the name at all.
    None {
        /// Whether it has.
        known: bool,
    },
}

/// Looks at a name of a zone (`gtm.snapshot.ZoneData`).
pub fn at<'py>(zone: &Bound<'py, PyAny>, name: &[u8]) -> PyResult<Cut<'py>> {
    let py = zone.py();
    let apex = zone.getattr(intern!(py, "apex"))?;
    let apex = apex.cast::<PyBytes>()?.as_bytes();
    let names = zone.getattr(intern!(py, "names"))?;
    let names = names.cast::<PyDict>()?;
    let mut nearest_apex = None;
    for ancestor in ancestors(name).take_while(|ancestor| *ancestor != apex) {
        if let Some(node) = names.get_item(PyBytes::new(py, ancestor))?
            && node.getattr(intern!(py, "cut"))?.extract()?
        {
            nearest_apex = Some((ancestor, node));
        }
    }
    match nearest_apex {
        Some((cut, node)) if cut == name => {
            Ok(Cut::Here(referral(zone, names, name, &node)?, node))
        }
        Some(_) => Ok(Cut::Above),
        None => Ok(Cut::None {
            known: names.contains(PyBytes::new(py, name))?,
        }),
    }
}

/// Adds a delegation: what it says, and what is said of it if DS is asked for.
pub fn add(
    builder: &mut Builder,
    zone: u32,
    name: &[u8],
    referral: Referral,
    node: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let tally = referral.tally;
    let ds = Set::at(node, DS)?;
    let said = |signed: bool, denied: Entry| match &ds {
        Some(set) => set
            .rendered(signed, tally)
            .map_or(Entry::Referred, Entry::Fixed),
        None => denied,
    };
    let view = |entry: Entry| View {
        entries: vec![(DS, entry)],
        other: None,
    };
    let own = secure::covering(builder, zone, name)?;
    let secure = own.map(|proof| view(said(true, Entry::Proven { tally, proof })));
    let proof = match (&ds, own) {
        (Some(set), Some(_)) => Some(secure::added(builder, name, set)?),
        _ => own,
    };
    let cut = names::Cut {
        zone,
        referral,
        proof,
    };
    builder.cut(
        name,
        cut,
        view(said(false, Entry::Denied { tally })),
        secure,
    );
    Ok(())
}

/// Points to the delegated zone's servers, with their glue (RFC 1034 section 4.3.2, 3b).
fn referral(
    zone: &Bound<'_, PyAny>,
    names: &Bound<'_, PyDict>,
    name: &[u8],
    node: &Bound<'_, PyAny>,
) -> PyResult<Referral> {
    let py = zone.py();
    let servers = rrset(node, NS)?
        .ok_or_else(|| PyValueError::new_err("a delegation without name servers"))?;
    let mut glue = Vec::new();
    for server in servers.getattr(intern!(py, "rdata"))?.try_iter()? {
        let server = server?.cast::<PyBytes>()?.as_bytes().to_ascii_lowercase();
        if server == ROOT {
            continue;
        }
        let Some(found) = names.get_item(PyBytes::new(py, &server))? else {
            continue;
        };
        for rrtype in ADDRESSES {
            if let Some(addresses) = rrset(&found, rrtype)? {
                glue.extend(records(&server, &addresses)?);
            }
        }
    }
    Ok(Referral {
        servers: records(name, &servers)?,
        glue,
        tally: zone.getattr(intern!(py, "referred"))?.extract()?,
    })
}

fn rrset<'py>(node: &Bound<'py, PyAny>, rrtype: u16) -> PyResult<Option<Bound<'py, PyAny>>> {
    let rrsets = node.getattr(intern!(node.py(), "rrsets"))?;
    rrsets.cast::<PyDict>()?.get_item(rrtype)
}

/// The records of an RRset, as the reference responder gives them from the first on.
fn records(owner: &[u8], rrset: &Bound<'_, PyAny>) -> PyResult<Vec<Record>> {
    let records = Set::read(rrset)?.records.into_iter();
    let owned = |rest: Vec<u8>| Record {
        owner: owner.into(),
        rest: rest.into(),
    };
    Ok(records.map(owned).collect())
}
