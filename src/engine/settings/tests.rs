use super::*;

#[test]
fn the_narrowest_level_wins_value_by_value() {
    let tenant = Overrides {
        ring_timeout: Some(40),
        max_attempts: Some(5),
        ..Overrides::default()
    };
    let campaign = Overrides {
        ring_timeout: Some(20),
        retry_minutes: RetryOverrides {
            busy: Some(1),
            ..RetryOverrides::default()
        },
        ..Overrides::default()
    };
    let settings = effective(&[tenant, Overrides::default(), campaign]);
    assert_eq!((settings.ring_timeout, settings.max_attempts), (20, 5));
    assert_eq!(settings.retry_minutes.busy, 1);
    assert_eq!(settings.retry_minutes.no_answer, 30);
    assert_eq!(effective(&[]), Settings::default());
}

#[test]
fn each_value_has_its_range() {
    let none = Overrides::default;
    let table = [
        (
            Overrides {
                auto_dial_countdown: Some(121),
                ..none()
            },
            "/auto_dial_countdown",
        ),
        (
            Overrides {
                robot_concurrency: Some(0),
                ..none()
            },
            "/robot_concurrency",
        ),
        (
            Overrides {
                max_attempts: Some(11),
                ..none()
            },
            "/max_attempts",
        ),
        (
            Overrides {
                ring_timeout: Some(9),
                ..none()
            },
            "/ring_timeout",
        ),
        (
            Overrides {
                predictive_ratio_max: Some(3.1),
                ..none()
            },
            "/predictive_ratio_max",
        ),
        (
            Overrides {
                predictive_ratio_max: Some(f64::NAN),
                ..none()
            },
            "/predictive_ratio_max",
        ),
        (
            Overrides {
                abandon_target: Some(-1.0),
                ..none()
            },
            "/abandon_target",
        ),
        (
            Overrides {
                recycle_after_days: Some(366),
                ..none()
            },
            "/recycle_after_days",
        ),
    ];
    for (level, pointer) in table {
        assert_eq!(level.validate().unwrap_err()[0].pointer, pointer);
    }
    assert_eq!(none().validate(), Ok(()));
}

#[test]
fn a_new_campaign_starts_with_what_is_set_and_else_as_ever() {
    let level = Overrides {
        ring_timeout: Some(45),
        max_attempts: Some(7),
        auto_dial_enabled: Some(true),
        wrapup_required: Some(false),
        amd_enabled: Some(true),
        ..Overrides::default()
    };
    let listens = |mode| {
        let begun = for_new_campaign(std::slice::from_ref(&level), Some(mode));
        begun.classification.enabled
    };
    let modes = [Mode::Predictive, Mode::Robot, Mode::Preview];
    assert_eq!(modes.map(listens), [true, true, false]);
    let campaign = for_new_campaign(&[level], None);
    assert_eq!(
        (campaign.ring_timeout_s, campaign.retry.max_attempts),
        (45, 7)
    );
    assert_eq!(
        (campaign.preview_countdown_s, campaign.disposition_required),
        (10, false)
    );
    assert_eq!(campaign.validate(), Ok(()));
    let plain = campaign::Settings {
        disposition_required: true,
        ..campaign::Settings::default()
    };
    assert_eq!(for_new_campaign(&[], Some(Mode::Predictive)), plain);
}

#[test]
fn a_new_predictive_campaign_keeps_to_what_may_be_lost_and_dialled() {
    let level = |abandon_target, predictive_ratio_max| Overrides {
        abandon_target,
        predictive_ratio_max,
        ..Overrides::default()
    };
    let pacing = |level, mode| {
        let settings = for_new_campaign(&[level], Some(mode));
        assert_eq!(settings.validate(), Ok(()));
        match settings.pacing {
            Policy::Predictive(settings) => Some((settings.cap, settings.most_lines)),
            _ => None,
        }
    };
    let predictive = |level| pacing(level, Mode::Predictive);
    assert_eq!(predictive(level(Some(1.0), None)), Some((0.01, None)));
    assert_eq!(
        predictive(level(Some(9.0), Some(1.5))),
        Some((0.05, Some(1.5)))
    );
    assert_eq!(predictive(level(None, Some(2.5))), Some((0.03, Some(2.5))));
    assert_eq!(predictive(level(None, None)), None);
    assert_eq!(pacing(level(Some(1.0), None), Mode::Robot), None);
}
