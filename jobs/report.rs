//! A campaign's report as a sheet: the sums of `store::campaign_report`, one sheet a table.

use std::path::PathBuf;

use serde_json::json;
use store::{
    campaign_report::{self, Report},
    campaigns, files,
};

use crate::{
    error::JobError,
    house::{House, Ticket},
    write_sheet::{Value, Writer},
};

pub async fn run(house: &House, ticket: &Ticket, campaign: &str) -> Result<(), JobError> {
    let name = campaigns::find(&house.db, campaign)
        .await?
        .map(|campaign| campaign.name);
    let name = name.ok_or_else(|| JobError::user("NO_SUCH_CAMPAIGN", "the campaign is gone"))?;
    let report = campaign_report::of(&house.db, campaign).await?;
    let said = json!({
        "leads": report.leads.allocated,
        "attempts": report.attempts.dialled,
        "calls": report.calls.calls,
    });
    let target = files::report(&house.data_dir, &ticket.job);
    tokio::task::spawn_blocking(move || write(target, &name, &report))
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx, &said).await?;
    Ok(tx.commit().await?)
}

fn write(target: PathBuf, name: &str, report: &Report) -> Result<(), JobError> {
    let mut writer = Writer::new(&target, "汇总 Summary", &["指标 Figure", "值 Value"])?;
    writer.row(&["活动 Campaign".into(), name.into()])?;
    for (title, figure) in figures(report) {
        writer.row(&[title.into(), figure.into()])?;
    }
    table(&mut writer, "结果 Outcomes", &report.outcomes)?;
    table(&mut writer, "小结 Dispositions", &report.dispositions)?;
    writer.sheet(
        "坐席 Agents",
        &[
            "坐席 Agent",
            "通话 Calls",
            "通话秒 Talk s",
            "邀评 Asked",
            "满意 Satisfied",
            "一般 Fair",
            "不满意 Dissatisfied",
            "未评价 Unanswered",
        ],
    )?;
    for agent in &report.agents {
        let seconds = agent.talk_ms / 1000;
        writer.row(&[
            agent.agent_id.as_str().into(),
            agent.calls.into(),
            seconds.into(),
            agent.surveys.asked.into(),
            agent.surveys.satisfied.into(),
            agent.surveys.fair.into(),
            agent.surveys.dissatisfied.into(),
            agent.surveys.unanswered.into(),
        ])?;
    }
    writer.finish()
}

fn figures(report: &Report) -> [(&'static str, i64); 26] {
    let Report {
        leads,
        attempts,
        calls,
        surveys,
        ..
    } = report;
    [
        ("名单 Leads", leads.allocated),
        ("未拨 Untouched", leads.untouched),
        ("待拨 Pending", leads.pending),
        ("完成 Closed", leads.closed),
        ("已接通名单 Leads connected", leads.connected),
        ("拨打 Dialled", attempts.dialled),
        ("未拨出 Not dialled", attempts.undialled),
        ("进行中 Open", attempts.open),
        ("接听 Answered", attempts.answered),
        ("真人 Persons", attempts.persons),
        ("留言机 Machines", attempts.machines),
        ("接通 Connected", attempts.connected),
        ("放弃 Abandoned", attempts.abandoned),
        ("未出声 Silent", attempts.silent),
        ("通话 Calls", calls.calls),
        ("桥接 Bridged", calls.bridged),
        ("通话秒 Talk s", calls.talk_ms / 1000),
        ("等待秒 Wait s", calls.wait_ms / 1000),
        ("录音 Recorded", calls.recorded),
        (
            "核对的留言机 Machines checked",
            count(report.checks.checked),
        ),
        ("误判的真人 Of these persons", count(report.checks.mistaken)),
        ("邀评 Asked how it was", surveys.asked),
        ("满意 Satisfied", surveys.satisfied),
        ("一般 Fair", surveys.fair),
        ("不满意 Dissatisfied", surveys.dissatisfied),
        ("未评价 Unanswered", surveys.unanswered),
    ]
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn table(
    writer: &mut Writer,
    name: &str,
    sums: &std::collections::BTreeMap<String, i64>,
) -> Result<(), JobError> {
    writer.sheet(name, &["项 Item", "数量 Count"])?;
    for (item, count) in sums {
        let item = if item.is_empty() { "-" } else { item };
        writer.row(&[Value::Text(item.into()), (*count).into()])?;
    }
    Ok(())
}
