//! Agents at telephones outside, as they are set up.

use serde_json::json;
use store::{access::Role, testing::on_both};

use super::kit::Kit;

#[tokio::test]
async fn a_telephone_outside_is_a_number_and_may_stay_on_the_line() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let path = "/api/v1/agents/2001";
        for bad in ["RP_", "RP_12", "RP_hotline", "RP_1390000000100000000000"] {
            let asked = json!({"name": "outside", "extension": bad});
            let refused = kit.with(&token, "PUT", path, Some(asked)).await;
            assert_eq!(refused.body["errors"][0]["pointer"], "/extension", "{bad}");
        }
        let asked = json!({"name": "outside", "extension": "RP_013900000010", "keep_leg": true});
        let made = kit.with(&token, "PUT", path, Some(asked)).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let agent = kit.with(&token, "GET", path, None).await;
        assert_eq!(agent.body["keep_leg"], true, "{}", agent.text);
        assert_eq!(agent.body["home_extension"], "RP_013900000010");
        let asked = json!({"name": "inside", "extension": "8001"});
        let put = kit.with(&token, "PUT", path, Some(asked)).await;
        assert_eq!(put.body["keep_leg"], false, "{}", put.text);
    })
    .await;
}
