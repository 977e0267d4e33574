//! Which leads a draw takes, and who gets them.

use engine::{
    campaign::Settings,
    draw::{Division, ListOrder},
};

use super::*;

/// An evenly divided campaign with an order of its own.
async fn ordered(
    house: &House,
    filter: &str,
    (extract, targets): (i64, &[Target]),
    list_order: ListOrder,
    division: Division,
) -> String {
    let plan = Plan {
        mode: Mode::Preview,
        extract,
        share: Share::All,
        targets,
    };
    let id = testing::campaign(house, filter, &plan).await;
    let campaign = store::campaigns::find(&house.db, &id)
        .await
        .unwrap()
        .unwrap();
    let settings = Settings {
        list_order,
        division,
        ..Settings::default()
    };
    let draft = store::campaigns::Draft {
        name: &campaign.name,
        campaign_type: Mode::Preview,
        filter_id: filter,
        business_type: "followup",
        business_status: "",
        extract_count: extract,
        default_alloc: 0,
        alloc_mode: Share::All,
        description: "",
        settings: &settings,
        own_settings: &std::collections::BTreeSet::new(),
    };
    let mut tx = house.db.begin().await.unwrap();
    store::campaigns::save(&mut tx, &id, campaign.revision, &draft, house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn the_order_says_which_leads_are_drawn_and_dialled_first() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let name = testing::code_of(&house.db, &batch, "姓名").await;
        let agents = [
            target(TargetType::Agent, "1", 0),
            target(TargetType::Agent, "2", 0),
        ];
        // The names are the numbers 1 to 999: as texts 999 would come before 1000, but 99 before 998.
        let order = ListOrder::Field {
            field: name.clone(),
            descending: true,
        };
        let campaign = ordered(&house, &filter, (6, &agents), order, Division::Even).await;
        let task = start(&house, &campaign).await;
        assert_eq!((task.to_agent, task.unallocated), (6, 993));
        let mut dialled = Vec::new();
        for agent in ["1", "2"] {
            let drawn =
                store::hopper::draw(&house.db, "live-1", &campaign, Some(agent), 9, house.now());
            for lead in drawn.await.unwrap().leads {
                let lead = leads::find(&house.db, lead.id.as_str())
                    .await
                    .unwrap()
                    .unwrap();
                dialled.push((agent, lead.data[&name].clone()));
            }
        }
        let expected = [
            ("1", "999"),
            ("1", "997"),
            ("1", "995"),
            ("2", "998"),
            ("2", "996"),
            ("2", "994"),
        ];
        assert_eq!(
            dialled,
            expected.map(|(agent, name)| (agent, name.to_owned()))
        );

        let one = [target(TargetType::Agent, "3", 0)];
        let shuffled = ListOrder::Random { seed: 7 };
        let campaign = ordered(&house, &filter, (50, &one), shuffled, Division::Manual).await;
        start(&house, &campaign).await;
        let drawn = store::hopper::draw(&house.db, "live-1", &campaign, Some("3"), 50, house.now())
            .await
            .unwrap()
            .leads;
        let mut places = Vec::new();
        for lead in &drawn {
            places.push(
                leads::find(&house.db, lead.id.as_str())
                    .await
                    .unwrap()
                    .unwrap()
                    .position,
            );
        }
        assert_eq!(places.len(), 50);
        assert!(!places.is_sorted());
        assert!(*places.iter().max().unwrap() - *places.iter().min().unwrap() > 500);
    })
    .await;
}

#[tokio::test]
async fn leads_go_to_the_agents_that_a_column_names() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let db = &house.db;
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let name = testing::code_of(db, &batch, "姓名").await;
        // The column names 1 to 999; two of them are agents, one is an agent's name.
        let mut tx = db.begin().await.unwrap();
        for (id, called) in [("5", "小五"), ("77", "小七"), ("x", "100")] {
            let agent = store::agents::Agent {
                id: id.into(),
                user_id: None,
                name: called.into(),
                extension: id.into(),
                wrap_up_s: None,
                auto_ready: false,
                keep_leg: false,
            };
            store::agents::put(&mut tx, "o", &agent, house.now())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let agents = ["5", "x"].map(|id| target(TargetType::Agent, id, 0));
        let owner = Division::Owner { field: name };
        let campaign = ordered(&house, &filter, (10, &agents), ListOrder::Creation, owner).await;
        let task = start(&house, &campaign).await;
        assert_eq!(
            (task.filtered, task.to_agent, task.unallocated),
            (999, 2, 997)
        );
        assert_eq!(task.reasons.0, [("unknown_owner".to_owned(), 997)].into());
        assert!(adds_up(&task));
        let rows = leads::page_of_task(db, &task.id, -1, 9).await.unwrap();
        let got: Vec<_> = rows
            .iter()
            .map(|lead| lead.alloc_target.as_deref())
            .collect();
        assert_eq!(got, [Some("5"), Some("x")]);
    })
    .await;
}

#[tokio::test]
async fn a_target_holds_no_more_than_it_may_and_weights_divide() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            Target {
                weight: 3,
                hold_max: 100,
                ..target(TargetType::Agent, "1", 0)
            },
            target(TargetType::Agent, "2", 0),
        ];
        let by_weight = Division::Proportional;
        let order = ListOrder::NewFirst;
        let campaign = ordered(&house, &filter, (80, &targets), order, by_weight).await;
        let first = start(&house, &campaign).await;
        let second = start(&house, &campaign).await;
        for (task, shares) in [(first, [60, 20]), (second, [40, 40])] {
            let rows = leads::page_of_task(&house.db, &task.id, -1, 100)
                .await
                .unwrap();
            let of = |id: &str| {
                rows.iter()
                    .filter(|lead| lead.alloc_target.as_deref() == Some(id))
                    .count()
            };
            assert_eq!([of("1"), of("2")], shares);
        }
    })
    .await;
}
