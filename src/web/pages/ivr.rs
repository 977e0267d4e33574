//! Voice menus, each with what it leads to.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use engine::{
    destination::Destination,
    ivr::{Action, MOST_LEVELS},
    route::Kind,
};
use render::pages::{Choice, Ivr, MenuTree, NodeRow};
use store::{
    extensions,
    ivr_menus::{self, IvrMenu},
    queues, routes,
};

use super::{Shown, page};
use crate::{api::prompt_names, caller::Caller, house::House};

const KINDS: [&str; 9] = [
    "submenu",
    "queue",
    "extension",
    "number",
    "voicemail",
    "play",
    "back",
    "root",
    "hangup",
];

pub fn routes() -> Router<House> {
    Router::new().route("/ivr", get(menus))
}

async fn menus(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let rows = ivr_menus::list(&house.db, caller.orgi()).await?;
    let queues = queues::list(&house.db, caller.orgi()).await?;
    let extensions = extensions::list(&house.db).await?;
    let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for route in routes::list(&house.db, caller.orgi()).await? {
        if let Kind::Ivr { menu } = &route.rule.0 {
            let of = numbers.entry(menu.to_string()).or_default();
            of.push(route.number);
        }
    }
    let shown = Ivr {
        roots: Forest::of(&rows, &numbers).roots(),
        queues: queues
            .into_iter()
            .map(|queue| Choice::new(queue.id, queue.name))
            .collect(),
        extensions: extensions.into_iter().map(|one| one.extension).collect(),
        prompts: prompt_names(&house).await?,
        kinds: KINDS.into(),
        menus: rows
            .into_iter()
            .map(|menu| Choice::new(menu.id, menu.name))
            .collect(),
    };
    page(&caller, &asked, "/ivr", &shown)
}

/// The menus of a tenant, each of which is drawn in full once.
struct Forest<'a> {
    rows: &'a [IvrMenu],
    by_id: BTreeMap<&'a str, &'a IvrMenu>,
    numbers: &'a BTreeMap<String, Vec<String>>,
    drawn: BTreeSet<&'a str>,
}

impl<'a> Forest<'a> {
    fn of(rows: &'a [IvrMenu], numbers: &'a BTreeMap<String, Vec<String>>) -> Self {
        Self {
            rows,
            by_id: rows.iter().map(|row| (row.id.as_str(), row)).collect(),
            numbers,
            drawn: BTreeSet::new(),
        }
    }

    fn roots(mut self) -> Vec<MenuTree> {
        let nodes = self.rows.iter().flat_map(|row| &row.menu.nodes);
        let below: BTreeSet<&str> = nodes
            .filter_map(|node| match &node.action {
                Action::Submenu { menu } => Some(menu.as_str()),
                _ => None,
            })
            .collect();
        let roots = self.rows.iter();
        let roots = roots.filter(|row| !below.contains(row.id.as_str()));
        roots.map(|row| self.tree(row, 1)).collect()
    }

    fn tree(&mut self, row: &'a IvrMenu, level: usize) -> MenuTree {
        let is_elsewhere = !self.drawn.insert(&row.id) || level > MOST_LEVELS;
        let (then, then_to) = match &row.menu.then {
            Some(to) => (to.as_str(), name_of(to)),
            None => ("", String::new()),
        };
        let nodes = match is_elsewhere {
            true => Vec::new(),
            false => self.nodes(row, level),
        };
        MenuTree {
            id: row.id.clone(),
            name: row.name.clone(),
            greeting: row.menu.greet_long.clone(),
            numbers: self.numbers.get(&row.id).cloned().unwrap_or_default(),
            nodes,
            then,
            then_to,
            is_elsewhere,
        }
    }

    fn nodes(&mut self, row: &'a IvrMenu, level: usize) -> Vec<NodeRow> {
        let mut nodes = Vec::with_capacity(row.menu.nodes.len());
        for node in &row.menu.nodes {
            let (to, below) = match &node.action {
                Action::Submenu { menu } => (menu.to_string(), self.by_id.get(menu.as_str())),
                Action::Play { prompt } => (prompt.clone(), None),
                other => {
                    let to = other.destination();
                    (to.map(|to| name_of(&to)).unwrap_or_default(), None)
                }
            };
            let below = below.copied();
            nodes.push(NodeRow {
                keys: node.keys.clone(),
                name: node.name.clone(),
                kind: node.action.as_str(),
                to,
                menu: below.map(|menu| self.tree(menu, level + 1)),
            });
        }
        nodes
    }
}

fn name_of(to: &Destination) -> String {
    match to {
        Destination::Agent { agent } => agent.to_string(),
        Destination::Queue { queue } => queue.to_string(),
        Destination::Ivr { menu } => menu.to_string(),
        Destination::Extension { extension: name }
        | Destination::Voicemail { mailbox: name }
        | Destination::Number { number: name } => name.clone(),
        Destination::Callback | Destination::Hangup => String::new(),
    }
}
