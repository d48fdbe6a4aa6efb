//! Puts names together: nodes as they come, and at the end what the reference responder answers.

use std::collections::HashMap;
use std::sync::Arc;

use crate::areas::AreaTable;
use crate::arena::{Arena, Kind};
use crate::chain::Secure;
use crate::hash::{IN_FRONT, Key};
use crate::names::{Cut, Entry, Names, Steered, View, Zone};
use crate::proofs::Proofs;
use crate::table::Table;

const ROOT: &[u8] = b"\0";
const WILDCARD: &[u8] = b"\x01*"; // the leftmost label of a wildcard name (RFC 4592 section 2.1.1)

/// Puts `Names` together.
pub struct Builder {
    names: Names,
    nodes: Vec<u32>,
    apexes: HashMap<Box<[u8]>, u32>,
    cuts: HashMap<Box<[u8]>, Vec<Delegated>>,
    closed: Vec<Box<[u8]>>,
    wildcards: Vec<Box<[u8]>>,
}

/// A delegation by its number, and what is answered for DS.
struct Delegated {
    number: u32,
    zone: u32,
    plain: View,
    secure: Option<View>,
}

impl Builder {
    /// `fallbacks` are the Extended DNS Error options, whole, that plans number; `refused` is the
    /// counter of questions for names of no zone.
    pub fn new(fallbacks: Vec<Box<[u8]>>, refused: u32) -> Self {
        Self {
            names: Names {
                zones: Vec::new(),
                areas: Vec::new(),
                services: Vec::new(),
                cuts: Vec::new(),
                secure: Vec::new(),
                proofs: Proofs::default(),
                nested: Vec::new(),
                fallbacks,
                refused,
                key: Key::random(),
                table: Table::with_room(0),
                arena: Arena::default(),
                deepest: 0,
            },
            nodes: Vec::new(),
            apexes: HashMap::new(),
            cuts: HashMap::new(),
            closed: Vec::new(),
            wildcards: Vec::new(),
        }
    }

    /// Adds a zone; gives its number.
    pub fn zone(&mut self, zone: Zone) -> u32 {
        let number = self.names.zones.len() as u32;
        self.apexes.insert(zone.apex.clone(), number);
        self.names.zones.push(zone);
        self.names.secure.push(None);
        number
    }

    /// Says what a signed zone denies by.
    pub fn secure(&mut self, zone: u32, secure: Secure) {
        if let Some(place) = self.names.secure.get_mut(zone as usize) {
            *place = Some(secure);
        }
    }

    /// What signed zones deny by, by zone.
    pub fn secured(&self, zone: u32) -> Option<&Secure> {
        self.names.secure.get(zone as usize)?.as_ref()
    }

    /// What was added to prove with so far.
    pub fn proofs(&self) -> &Proofs {
        &self.names.proofs
    }

    /// Adds something to prove with, as `Proofs::add` does.
    pub fn proof(&mut self, owner: &[u8], records: &[impl AsRef<[u8]>]) -> Option<u32> {
        self.names.proofs.add(owner, records)
    }

    /// Adds an area table; gives its number.
    pub fn areas(&mut self, areas: Arc<AreaTable>) -> u32 {
        self.names.areas.push(areas);
        self.names.areas.len() as u32 - 1
    }

    /// Adds a service; gives its number.
    pub fn steered(&mut self, steered: Steered) -> u32 {
        self.names.services.push(steered);
        self.names.services.len() as u32 - 1
    }

    /// Adds a name (wire, lower case) with its answers by type, and for all other types.
    ///
    /// Where `other` is None, other types are for the reference responder. Of a name that is added
    /// twice the first counts.
    pub fn node(
        &mut self,
        name: &[u8],
        zone: u32,
        entries: Vec<(u16, Entry)>,
        other: Option<Entry>,
    ) {
        self.add(name, zone, View { entries, other }, None);
    }

    /// Adds a name of a signed zone; `secure` is what those get that set the DO bit.
    pub fn signed(&mut self, name: &[u8], zone: u32, plain: View, secure: View) {
        self.add(name, zone, plain, Some(secure));
    }

    fn add(&mut self, name: &[u8], zone: u32, plain: View, secure: Option<View>) {
        let kind = match name {
            ROOT => Kind::Closed, // no pointer leads to a question that is the root
            _ => Kind::Node,
        };
        let arena = &mut self.names.arena;
        self.nodes
            .extend(arena.add(name, kind, zone, plain, secure));
    }

    /// Adds a name at and below which the reference responder answers, unless it is a node too, or
    /// a cut, or below a cut of its zone.
    pub fn closed(&mut self, name: &[u8]) {
        self.closed.push(name.into());
    }

    /// Adds a delegated name; `plain` is what is answered for DS there, `secure` the same in signed
    /// zones for those that set the DO bit.
    ///
    /// It does not count at and below the apex of another zone that is answered from here. Of cuts
    /// below one another that nearest to the apex counts (RFC 1034 section 4.3.2, step 3).
    pub fn cut(&mut self, name: &[u8], cut: Cut, plain: View, secure: Option<View>) {
        let number = self.names.cuts.len() as u32;
        self.cuts.entry(name.into()).or_default().push(Delegated {
            number,
            zone: cut.zone,
            plain,
            secure,
        });
        self.names.cuts.push(cut);
    }

    /// The names, frozen.
    pub fn finish(mut self) -> Names {
        self.names.table = Table::with_room(
            self.nodes.len() + self.cuts.len() + self.closed.len() + self.apexes.len(),
        );
        for place in std::mem::take(&mut self.nodes) {
            self.enter(place);
        }
        for name in self.unanswered() {
            if find(&self.names, &name).is_some() {
                continue;
            }
            let (kind, number) = match self.highest_cut(&name) {
                Some(number) => (Kind::Cut, number),
                None => (Kind::Closed, 0),
            };
            let (plain, secure) = self.delegated(&name, kind, number);
            let arena = &mut self.names.arena;
            if let Some(place) = arena.add(&name, kind, number, plain, secure) {
                self.enter(place);
            }
        }
        for wildcard in std::mem::take(&mut self.wildcards) {
            let parent = wildcard.get(WILDCARD.len()..).unwrap_or_default();
            if let Some(place) = find(&self.names, parent) {
                self.names.arena.cover(place);
            }
        }
        self.names.nested = self
            .names
            .zones
            .iter()
            .map(|zone| self.lies_inside(&zone.apex))
            .collect();
        self.names.arena.settle();
        self.names.proofs.settle();
        self.names
    }

    /// Whether the zone of an apex lies inside another.
    fn lies_inside(&self, apex: &[u8]) -> bool {
        let mut above = ancestors(apex).skip(1);
        above.any(|ancestor| self.apexes.contains_key(ancestor))
    }

    /// Closed names and cuts, and the apexes in case one of them is no node.
    fn unanswered(&mut self) -> Vec<Box<[u8]>> {
        let mut found = std::mem::take(&mut self.closed);
        found.extend(self.cuts.keys().cloned());
        found.extend(self.apexes.keys().cloned());
        found
    }

    /// What is answered for DS at a name, if it is itself the cut of that number.
    fn delegated(&mut self, name: &[u8], kind: Kind, number: u32) -> (View, Option<View>) {
        let own = self.cuts.get_mut(name).filter(|_| kind == Kind::Cut);
        let own = own.and_then(|cuts| cuts.iter_mut().find(|cut| cut.number == number));
        own.map_or_else(Default::default, |cut| {
            (std::mem::take(&mut cut.plain), cut.secure.take())
        })
    }

    /// The number of the cut at or above a name that is nearest to the apex of the name's zone.
    fn highest_cut(&self, name: &[u8]) -> Option<u32> {
        let zone = *ancestors(name).find_map(|ancestor| self.apexes.get(ancestor))?;
        let below_apex = ancestors(name).take_while(|one| !self.apexes.contains_key(*one));
        let cuts = below_apex
            .filter_map(|ancestor| self.cuts.get(ancestor))
            .flatten();
        let own = cuts.filter(|cut| cut.zone == zone);
        own.last().map(|cut| cut.number)
    }

    /// Puts a name into the table, unless it is there.
    fn enter(&mut self, place: u32) {
        let names = &mut self.names;
        let Some(name) = names.arena.at(place).map(|node| node.name()) else {
            return;
        };
        if find(names, name).is_some() {
            return;
        }
        if name.starts_with(WILDCARD) {
            self.wildcards.push(name.into());
        }
        names.deepest = names.deepest.max(ancestors(name).count() - 1);
        names.table.add(hash(names, name), place);
    }
}

fn find(names: &Names, name: &[u8]) -> Option<u32> {
    let is_right = |place: u32| {
        names
            .arena
            .at(place)
            .is_some_and(|node| node.name() == name)
    };
    names.table.find(hash(names, name), is_right)
}

fn hash(names: &Names, name: &[u8]) -> u64 {
    let mut message = [0; IN_FRONT + 256];
    let to = IN_FRONT + name.len();
    if let Some(space) = message.get_mut(IN_FRONT..to) {
        space.copy_from_slice(name);
    }
    names.key.hash(&message, IN_FRONT, to)
}

/// The name itself, its parent, and so on up to the root.
fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |name| parent(name))
}

fn parent(name: &[u8]) -> Option<&[u8]> {
    let (&length, rest) = name.split_first()?;
    if length == 0 {
        return None;
    }
    rest.get(length as usize..)
}
