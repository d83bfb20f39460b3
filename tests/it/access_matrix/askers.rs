//! Those who ask, and what each gets to hear at each gate.

use std::ops::Deref;

use consign::identity::Permission;

use super::rows::{Gate, Row, nothing};
use super::rules::DRAFTS;
use super::world::World;
use crate::support::gql::Client;

/// What kind of caller somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Anonymous,
    /// Anonymous, with the token of an order.
    Guest,
    Customer,
    Supplier,
    /// Without an account, with the link of a supplier order.
    Link,
    Store,
}

/// What somebody is to the store.
#[derive(Debug, Clone)]
pub struct Role {
    pub name: String,
    pub kind: Kind,
    /// Whether what the rows name is theirs: of Ada, of Near.
    pub own: bool,
    /// The permissions of staff; none for anybody else.
    pub permissions: Vec<Permission>,
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Asker {
    pub client: Client,
    pub role: Role,
}

impl Deref for Asker {
    type Target = Role;

    fn deref(&self) -> &Role {
        &self.role
    }
}

/// What a gate answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    /// Null, or a user error `NOT_FOUND`.
    Missing,
    /// This code.
    Refused(&'static str),
}

impl Role {
    /// Whether the owner gave them `permission`.
    pub fn has(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// What they get at the gate of `row`, asking for what the world has.
    pub fn outcome(&self, row: &Row) -> Outcome {
        let with_token = row.filled_for_guests(nothing).is_some();
        match (row.gate, self.kind) {
            (Gate::Customer(_), Kind::Guest) if with_token => Outcome::Allowed,
            (Gate::Supplier(_) | Gate::Part(_), Kind::Supplier)
            | (Gate::Part(_), Kind::Link)
            | (Gate::Account, Kind::Customer)
                if !row.missing =>
            {
                Outcome::Allowed
            }
            (gate, _) => self.at(gate),
        }
    }

    /// What they get at `gate`, naming what is Ada's or Near's.
    pub fn at(&self, gate: Gate) -> Outcome {
        let theirs = if self.own { Outcome::Allowed } else { Outcome::Missing };
        let may = match (gate, self.kind) {
            (Gate::Open, _) | (Gate::Secret, Kind::Guest) => return Outcome::Allowed,
            (Gate::Secret, _) => return Outcome::Missing,
            (Gate::Account, Kind::Customer) => return theirs,
            (Gate::Account, Kind::Anonymous | Kind::Guest) => return Outcome::Refused("UNAUTHENTICATED"),
            (Gate::Owner, Kind::Store) if self.name == "owner" => return Outcome::Allowed,
            (Gate::Owner | Gate::Member, Kind::Anonymous | Kind::Guest) => return Outcome::Refused("UNAUTHENTICATED"),
            (Gate::Account | Gate::Owner | Gate::Member, _) => return Outcome::Refused("FORBIDDEN"),
            (Gate::Cart, Kind::Customer) => return theirs,
            (Gate::Cart, _) => return Outcome::Missing,
            (Gate::Draft, _) => return if self.has(DRAFTS) { Outcome::Allowed } else { Outcome::Missing },
            (Gate::Customer(_), Kind::Customer) | (Gate::Supplier(_), Kind::Supplier) => return theirs,
            (Gate::Part(_), Kind::Supplier | Kind::Link) => return theirs,
            (Gate::Customer(_), kind) if kind != Kind::Store => return Outcome::Missing,
            (Gate::All(all), _) => all.iter().all(|it| self.has(*it)),
            (Gate::Store(it) | Gate::Customer(it) | Gate::Supplier(it) | Gate::Part(it), _) => self.has(it),
        };
        match self.kind {
            Kind::Store if may => Outcome::Allowed,
            Kind::Anonymous | Kind::Guest => Outcome::Refused("UNAUTHENTICATED"),
            _ => Outcome::Refused("FORBIDDEN"),
        }
    }
}

impl Asker {
    /// The call of `row` with the world's ids, as this asker can write it: secrets are known to guests
    /// alone.
    pub fn real(&self, row: &Row, world: &World) -> String {
        let of = |word: &str| {
            let secret = word.starts_with("TOKEN");
            if secret && self.kind != Kind::Guest { nothing(word) } else { world.word(word) }
        };
        let own_way = if self.kind == Kind::Guest { row.filled_for_guests(of) } else { None };
        own_way.unwrap_or_else(|| row.filled(of))
    }
}

/// Who may everything.
pub const OWNER: &str = "owner";

/// The eleven, with staff of either kind, for what takes `permission`.
pub fn roles(permission: Permission) -> Vec<Role> {
    let mut all = people();
    all.extend([but(permission), only(permission), owner()]);
    all
}

/// All who ask: the others, and staff who lack, or have, exactly one permission.
pub async fn everybody(world: &World) -> Vec<Asker> {
    let nobody = world.app.as_guest();
    let clients =
        [&nobody, &nobody, &world.ada, &world.grace, &world.near, &world.far, &world.link, &world.other_link];
    let with = |(role, client): (Role, &Client)| Asker { client: client.clone(), role };
    let mut all: Vec<Asker> = people().into_iter().zip(clients).map(with).collect();
    for role in Permission::ALL.into_iter().flat_map(|it| [but(it), only(it)]) {
        all.push(Asker { client: world.app.as_staff(&role.permissions).await, role });
    }
    all.push(Asker { client: world.owner.clone(), role: owner() });
    all
}

/// Of `all`, those that matter for an operation that takes `permission`.
pub fn nine(all: &[Asker], permission: Permission) -> Vec<&Asker> {
    let names: Vec<String> = roles(permission).into_iter().map(|it| it.name).collect();
    all.iter().filter(|it| names.contains(&it.name)).collect()
}

fn people() -> Vec<Role> {
    let role = |name: &str, kind, own| Role { name: name.to_owned(), kind, own, permissions: vec![] };
    vec![
        role("anonymous", Kind::Anonymous, false),
        role("guest", Kind::Guest, false),
        role("customer", Kind::Customer, true),
        role("other customer", Kind::Customer, false),
        role("supplier", Kind::Supplier, true),
        role("other supplier", Kind::Supplier, false),
        role("link", Kind::Link, true),
        role("other link", Kind::Link, false),
    ]
}

fn but(permission: Permission) -> Role {
    let permissions = Permission::ALL.into_iter().filter(|it| *it != permission).collect();
    staff(format!("staff without {permission:?}"), permissions)
}

fn only(permission: Permission) -> Role {
    staff(format!("staff with {permission:?}"), vec![permission])
}

fn owner() -> Role {
    staff(OWNER.to_owned(), Permission::ALL.to_vec())
}

fn staff(name: String, permissions: Vec<Permission>) -> Role {
    Role { name, kind: Kind::Store, own: false, permissions }
}
