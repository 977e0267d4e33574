//! Office hours of a number, on the house's clock: who calls outside them hears so, and goes where that
//! leads.

use serde_json::{Value, json};

use crate::{
    inbound::{CLOSED, MENU, NIGHT, NUMBER, Office, ROBOT},
    kit::server::House,
};

impl Office {
    /// Sets the clock; sessions may end by that.
    async fn at(&mut self, time: &str) {
        self.house.clock().set(&format!("{time}+08:00"));
        self.api = self.house.admin().await;
    }
}

/// VOX-111, VOX-112
#[tokio::test(flavor = "multi_thread")]
async fn outside_its_hours_a_number_says_so_and_leads_elsewhere() {
    // A Friday.
    let house = House::new().with_clock("2027-03-05T10:00:00+08:00");
    let mut office = Office::open(house).await;
    let at_work = json!({
        "zone": "Asia/Shanghai", "holidays": true, "shut": ["2027-03-09"], "open": ["2027-03-13"],
        "spans": [{ "weekdays": [1, 2, 3, 4, 5], "from": 540, "to": 1_080 },
            { "weekdays": [6], "from": 540, "to": 720 }],
    });
    let rule = json!({
        "type": "inbound", "to": "201", "office": at_work, "closed_prompt": "closed",
    });
    office.route("Callin", NUMBER, rule.clone()).await;
    let holiday = json!({ "name": "Founders' Day" });
    office.api.put("/holidays/2027-03-08", holiday).await;
    office.settled().await;
    let open = json!(["to", "robot", { "type": "hangup" }]);
    let closed = json!(["to", "closed", { "type": "hangup" }]);
    let days: [(&str, &Value, &[f64]); 5] = [
        ("2027-03-05T17:59:00", &open, &[ROBOT]),
        ("2027-03-05T18:00:01", &closed, &[CLOSED]),
        ("2027-03-08T10:00:00", &closed, &[CLOSED]),
        ("2027-03-09T10:00:00", &closed, &[CLOSED]),
        ("2027-03-13T11:00:00", &open, &[ROBOT]),
    ];
    for (time, told, heard) in days {
        office.at(time).await;
        assert_eq!(office.would_go(NUMBER).await, *told, "{time}");
        assert_eq!(office.heard(NUMBER, "").await, heard, "{time}");
    }
    // After the word that nobody is there a menu for the night.
    let mut at_night = rule;
    at_night["closed_to"] = json!({ "type": "ivr", "menu": "night" });
    office.route("Callin", NUMBER, at_night).await;
    office.settled().await;
    office.at("2027-03-13T12:00:01").await;
    assert_eq!(office.heard(NUMBER, "").await, [CLOSED, NIGHT]);
    // A number without hours is there all day.
    let all_day = json!({ "type": "inbound", "to": "200" });
    office.route("Other", "62620669", all_day).await;
    office.settled().await;
    assert_eq!(office.heard("62620669", "5").await, [MENU]);
}
