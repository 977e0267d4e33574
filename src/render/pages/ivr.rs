//! Voice menus as trees.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

/// A menu with what it leads to.
#[derive(Debug, Serialize)]
pub struct MenuTree {
    pub id: String,
    pub name: String,
    /// The prompt on entering.
    pub greeting: String,
    /// Numbers whose routes lead to it.
    pub numbers: Vec<String>,
    pub nodes: Vec<NodeRow>,
    /// The kind of where callers go when it ends, and which; empty: as the menu above says.
    pub then: &'static str,
    pub then_to: String,
    /// It stands in another place too, with what it leads to.
    pub is_elsewhere: bool,
}

#[derive(Debug, Serialize)]
pub struct NodeRow {
    pub keys: String,
    pub name: String,
    /// extension, number, queue, voicemail, submenu, play, back, root or hangup.
    pub kind: &'static str,
    pub to: String,
    pub menu: Option<MenuTree>,
}

#[derive(Debug, Serialize)]
pub struct Ivr {
    /// Menus to which no other one leads.
    pub roots: Vec<MenuTree>,
    /// All of them.
    pub menus: Vec<Choice>,
    pub queues: Vec<Choice>,
    /// Extensions that a node may lead to.
    pub extensions: Vec<String>,
    /// The names of all prompts.
    pub prompts: Vec<String>,
    /// Kinds of actions.
    pub kinds: Vec<&'static str>,
}

impl Page for Ivr {
    const TEMPLATE: &'static str = "pages/ivr.html";

    fn samples() -> Vec<Self> {
        let kinds = vec![
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
        let menu = |id: &str, nodes: Vec<NodeRow>| MenuTree {
            id: id.into(),
            name: "总机".into(),
            greeting: "hello".into(),
            numbers: vec!["62620668".into()],
            then: if nodes.is_empty() { "" } else { "queue" },
            then_to: "sales".into(),
            is_elsewhere: id == "more",
            nodes,
        };
        let node = |kind: &'static str| NodeRow {
            keys: "1".into(),
            name: "销售".into(),
            kind,
            to: "sales".into(),
            menu: (kind == "submenu").then(|| menu("more", Vec::new())),
        };
        let nodes = kinds.iter().map(|kind| node(kind)).collect();
        let some = Self {
            roots: vec![menu("main", nodes)],
            menus: vec![Choice::new("main", "总机")],
            queues: vec![Choice::new("sales", "销售")],
            extensions: vec!["8001".into()],
            prompts: vec!["hello".into()],
            kinds: kinds.clone(),
        };
        let none = Self {
            roots: Vec::new(),
            menus: Vec::new(),
            queues: Vec::new(),
            extensions: Vec::new(),
            prompts: Vec::new(),
            kinds,
        };
        vec![none, some]
    }
}
