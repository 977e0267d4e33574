//! The page of the lines is kept current: a phone that registers appears by itself, and can be let go.

use serde_json::json;

use crate::{
    console::Console,
    kit::{baresip::Baresip, server::House, stage},
};

/// VOX-195
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_registers_appears_and_is_let_go() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    stage::gateway_at(&api, 9, 10.0).await;
    let agent = stage::queue(&api, "sales", &["8001"], json!({}))
        .await
        .remove(0);
    let mut console = Console::sign_in(&api, "supervisor", "zh-CN", async |_| {}).await;
    console.open("/lines").await;
    let phones = |number: u32| {
        format!("document.getElementById('phones').textContent.endsWith('({number})')")
    };
    console.browser.until(&phones(0)).await;
    let details = "document.getElementById('gateway-carrier-9')";
    let opened = format!("{details}.open = true; window.isTheSame = true");
    console.browser.run(&opened).await;
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    console.browser.until(&phones(1)).await;
    let kept = format!("window.isTheSame === true && {details}.open");
    assert_eq!(console.browser.run(&kept).await, true, "not another page");

    console.browser.run("window.confirm = () => true").await;
    let drop = "document.querySelector('[data-api$=\"/registrations/8001\"]').click()";
    console.browser.leave(drop).await;
    console.browser.until(&phones(0)).await;
    assert_eq!(console.browser.faults().await, [""; 0]);
}
