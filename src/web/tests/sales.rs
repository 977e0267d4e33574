//! Sales in the pop-up, and the business statuses that agents choose from, on both databases.

use serde_json::{Value, json};
use store::{
    access::Role,
    testing::{about as set, on_both},
};

use super::{
    kit::{Answer, Kit},
    leads::batch,
};

struct Desk {
    kit: Kit,
    token: String,
    lead: String,
    batch: String,
}

impl Desk {
    async fn new(home: &store::testing::Home) -> Self {
        let kit = Kit::new(home);
        let token = kit.token(Role::Supervisor).await;
        let (batch, _, leads) = batch(&kit.db, "一", 1).await;
        Self {
            token,
            lead: leads[0].clone(),
            batch,
            kit,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1{path}");
        let body = Some(body).filter(|body| !body.is_null());
        self.kit.with(&self.token, method, &path, body).await
    }
}

#[tokio::test]
async fn a_sale_is_recorded_and_lowers_the_stock() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let product = json!({"title": "宽带", "price": "100", "stock": 3});
        let product = desk.ask("POST", "/products", product).await.id();
        let sales = format!("/leads/{}/sales", desk.lead);
        let sell = |more: Value| {
            let mut asked = json!({"product_id": product});
            for (key, value) in more.as_object().unwrap() {
                asked[key] = value.clone();
            }
            desk.ask("POST", &sales, asked)
        };
        for (bad, pointer) in [
            (json!({"quantity": 0}), "/quantity"),
            (json!({"price": "1.234"}), "/price"),
            (json!({"call_id": "cal_gone"}), "/call_id"),
            (json!({"note": "长".repeat(501)}), "/note"),
        ] {
            let answer = sell(bad).await;
            assert_eq!(
                answer.body["errors"][0]["pointer"], pointer,
                "{}",
                answer.text
            );
        }
        let unknown = json!({"product_id": "prd_gone"});
        let unknown = desk.ask("POST", &sales, unknown).await;
        assert_eq!(unknown.body["errors"][0]["pointer"], "/product_id");

        let first = sell(json!({"quantity": 2, "note": "周末安装"})).await;
        assert_eq!(first.status, 201, "{}", first.text);
        assert_eq!(
            (
                &first.body["price"],
                &first.body["title"],
                &first.body["quantity"]
            ),
            (&json!("100.00"), &json!("宽带"), &json!(2))
        );
        let short = sell(json!({"quantity": 2})).await;
        assert_eq!((short.status.as_u16(), short.code()), (409, "OUT_OF_STOCK"));
        let cheap = sell(json!({"price": "80"})).await;
        assert_eq!(cheap.body["price"], "80.00", "{}", cheap.text);
        let left = format!("/products/{product}");
        let left = desk.ask("GET", &left, Value::Null).await;
        assert_eq!(left.body["stock"], 0);
        let all = desk.ask("GET", &sales, Value::Null).await;
        let ids: Vec<&Value> = all.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(ids, [&cheap.body["id"], &first.body["id"]]);
        let page = desk
            .ask("GET", &format!("{sales}?limit=1"), Value::Null)
            .await;
        assert_eq!(page.body["data"].as_array().unwrap().len(), 1);
        assert!(page.body["next_cursor"].is_string(), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn agents_choose_from_the_statuses_of_the_business_type() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let items =
            json!([{"code": "yes", "label": "成交客户"}, {"code": "no", "label": "失败客户"}]);
        let dictionary = json!({"name": "营销状态", "items": items});
        let dictionary = desk.ask("POST", "/dictionaries", dictionary).await.id();
        let place = "/business-statuses/marketing";
        let bind = json!({"dictionary_id": dictionary});
        let odd = desk
            .ask("PUT", "/business-statuses/other", bind.clone())
            .await;
        assert_eq!(odd.body["errors"][0]["pointer"], "/business_type");
        let gone = desk
            .ask("PUT", place, json!({"dictionary_id": "dic_gone"}))
            .await;
        assert_eq!(gone.body["errors"][0]["pointer"], "/dictionary_id");
        assert_eq!(desk.ask("PUT", place, bind).await.status, 204);
        let all = desk.ask("GET", "/business-statuses", Value::Null).await;
        assert_eq!(
            all.body["data"],
            json!([{"business_type": "marketing", "dictionary_id": dictionary}])
        );
        let removed = format!("/dictionaries/{dictionary}");
        let removed = desk.ask("DELETE", &removed, Value::Null).await;
        assert_eq!(removed.code(), "DICTIONARY_IN_USE");

        let filter = json!({"name": "f", "batch_id": desk.batch});
        let filter = desk.ask("POST", "/filters", filter).await.id();
        let campaign = json!({"name": "推广", "campaign_type": "preview", "filter_id": filter,
            "business_type": "marketing"});
        let campaign = desk.ask("POST", "/campaigns", campaign).await.id();
        store::testing::into_campaign(&desk.kit.db, &desk.lead, &campaign).await;
        let plan = format!("/leads/{}/plan", desk.lead);
        let plan = desk.ask("GET", &plan, Value::Null).await;
        assert_eq!(plan.body["statuses"], items, "{}", plan.text);
        let lead = format!("/leads/{}", desk.lead);
        let bad = desk
            .ask("PATCH", &lead, json!({"business_status": "也许"}))
            .await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/business_status");
        let good = desk
            .ask("PATCH", &lead, json!({"business_status": "成交客户"}))
            .await;
        assert_eq!(good.body["business_status"], "yes", "{}", good.text);
        // Without a dictionary every text is taken.
        assert_eq!(desk.ask("DELETE", place, Value::Null).await.status, 204);
        assert_eq!(desk.ask("DELETE", place, Value::Null).await.status, 404);
        let free = desk
            .ask("PATCH", &lead, json!({"business_status": "也许"}))
            .await;
        assert_eq!(free.body["business_status"], "也许", "{}", free.text);
        let mine = "UPDATE leads SET alloc_type = 'queue', alloc_target = 'que_1' WHERE id = $1";
        set(&desk.kit.db, &desk.lead, mine).await;
        let agent = desk.kit.token(Role::Agent).await;
        let path = format!("/api/v1{place}");
        let refused = desk.kit.with(&agent, "DELETE", &path, None).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let sales = format!("/api/v1/leads/{}/sales", desk.lead);
        let hidden = desk.kit.with(&agent, "GET", &sales, None).await;
        assert_ne!(hidden.status, 200, "not the agent's lead");
    })
    .await;
}
