//! Voice menus (IVR 菜单).

use std::sync::Arc;

use engine::{
    ivr::{Menu, Menus},
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Doc, Result, Tx, doc, on};

#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct IvrMenu {
    pub id: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub menu: Doc<Menu>,
}

/// Adds a menu or changes the one with this id; `false`: another tenant has that id. The menus that it leads to, and that it leads to none
/// in a circle, were checked before; a call that comes to one that is gone ends.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, orgi: &str, menu: &IvrMenu, now: Millis) -> Result<bool> {
    let document = doc::text("voice menu", &menu.menu)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO ivr_menus (id, orgi, name, menu, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, menu = excluded.menu
         WHERE ivr_menus.orgi = excluded.orgi")
        .bind(&menu.id).bind(orgi).bind(&menu.name).bind(&document).bind(now.0)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// By name.
///
/// # Errors
/// When the database refuses or a stored menu cannot be read.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<IvrMenu>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, menu FROM ivr_menus WHERE orgi = $1 ORDER BY name, id")
        .bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses or the stored menu cannot be read.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<IvrMenu>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, menu FROM ivr_menus WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?)
}

/// `false`: there was none.
///
/// # Errors
/// `MENU_IN_USE` while a route leads to it.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM ivr_menus WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).reference_as("MENU_IN_USE"))?;
    Ok(rows == 1)
}

/// All menus as the floor wants them.
///
/// # Errors
/// When the database refuses or a stored menu cannot be read.
pub async fn specs(db: &Db) -> Result<Menus> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, menu FROM ivr_menus ORDER BY id").fetch_all(c).await)?;
    let mut menus = Menus::new();
    for (id, menu) in rows {
        menus.insert(id.into(), Arc::new(doc::parse("voice menu", &menu)?));
    }
    Ok(menus)
}

#[cfg(test)]
mod tests {
    use engine::{
        ivr::{Action, Node},
        route::Kind,
    };

    use super::*;
    use crate::{
        routes::{self, Route},
        sample::NOW,
        testing::on_both,
    };

    fn menu(id: &str, greet: &str) -> IvrMenu {
        IvrMenu {
            id: id.into(),
            name: format!("menu {id}"),
            menu: Doc(Menu {
                greet_long: greet.into(),
                nodes: vec![Node {
                    name: "转上级".into(),
                    keys: "0".into(),
                    action: Action::Back,
                }],
                ..Menu::default()
            }),
        }
    }

    #[tokio::test]
    async fn a_menu_is_kept_changed_and_given_to_the_floor() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            assert!(put(&mut tx, "o", &menu("b", "hello"), NOW).await.unwrap());
            assert!(put(&mut tx, "o", &menu("a", "old"), NOW).await.unwrap());
            assert!(put(&mut tx, "o", &menu("a", "new"), NOW).await.unwrap());
            assert!(!put(&mut tx, "p", &menu("a", "stolen"), NOW).await.unwrap());
            tx.commit().await.unwrap();
            let listed = list(db, "o").await.unwrap();
            assert_eq!(listed, [menu("a", "new"), menu("b", "hello")]);
            assert_eq!(get(db, "o", "a").await.unwrap(), Some(menu("a", "new")));
            assert_eq!(get(db, "p", "a").await.unwrap(), None);
            let specs = specs(db).await.unwrap();
            assert_eq!(*specs[&"b".into()], menu("b", "hello").menu.0);
        })
        .await;
    }

    #[tokio::test]
    async fn a_menu_stays_while_a_route_leads_to_it() {
        on_both(|home| async move {
            let db = &home.db;
            let mut route = Route {
                id: "r".into(),
                name: "r".into(),
                position: 1,
                number: "200".into(),
                rule: Doc(Kind::Ivr { menu: "a".into() }),
                enabled: true,
            };
            let mut tx = db.begin().await.unwrap();
            let refused = routes::put(&mut tx, "o", &route, "usr", NOW).await;
            assert_eq!(refused.unwrap_err().code(), Some("NO_SUCH_MENU"));
            drop(tx);
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &menu("a", "hello"), NOW).await.unwrap();
            routes::put(&mut tx, "o", &route, "usr", NOW).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let used = delete(&mut tx, "o", "a").await.unwrap_err();
            assert_eq!(used.code(), Some("MENU_IN_USE"));
            drop(tx);
            let mut tx = db.begin().await.unwrap();
            route.rule = Doc(Kind::Basic);
            routes::put(&mut tx, "o", &route, "usr", NOW).await.unwrap();
            assert!(delete(&mut tx, "o", "a").await.unwrap());
            assert!(!delete(&mut tx, "o", "a").await.unwrap());
            tx.commit().await.unwrap();
            assert!(specs(db).await.unwrap().is_empty());
        })
        .await;
    }
}
