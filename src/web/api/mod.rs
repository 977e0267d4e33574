//! `/api/v1`, one file a resource.

mod agents;
mod answer;
mod attempts;
mod audit;
mod auth;
mod batches;
mod business_statuses;
pub mod call_backs;
mod call_legs;
mod call_members;
mod caller_ids;
mod calls;
mod campaigns;
mod check;
mod colleagues;
mod commanded;
mod conferences;
mod configured;
mod consents;
mod contacts;
mod decisions;
mod departments;
mod desk_settings;
mod dictionaries;
mod dnc;
mod dnc_lists;
mod events;
mod export;
mod extensions;
mod fields;
mod filters;
pub mod find;
mod gateways;
mod grants;
mod heads;
mod holidays;
mod house_settings;
mod import_options;
mod imports;
mod in_call;
mod inbound_routes;
mod ivr_menus;
mod jobs;
mod jurisdictions;
mod leads;
pub mod masks;
mod messages;
mod my_list;
mod named_by;
mod numbers;
pub mod openapi;
mod phone_control;
mod pick_up;
mod preflight;
mod previews;
mod products;
mod prompts;
mod queue_agents;
mod queues;
mod records;
mod recycle;
mod registrations;
mod robot_orders;
mod robots;
mod route_look_up;
mod rows;
mod running;
mod settings;
pub mod shown;
mod sources;
mod stats;
mod supervise;
mod supervision_settings;
mod surveys;
mod targets;
mod tasks;
mod template;
mod tenant_settings;
pub mod trace;
mod two_parties;
mod undo;
mod users;
pub mod voicemails;
mod wait;
mod why;

pub use agents::{AgentOut, all as all_agents};
pub use extensions::all as all_extensions;
pub use gateways::{GatewayOut, all as all_gateways};
pub use jobs::JobOut;
pub use leads::show as show_lead;
pub use numbers::{NumberOut, all as all_numbers};
pub use prompts::{LIMIT as PROMPT_LIMIT, PromptOut, all as all_prompts, names as prompt_names};
pub use queues::{QueueOut, all as all_queues};
pub use registrations::{BanOut, RegistrationOut, all as all_registrations, all_bans};
pub use stats::word;
pub use surveys::{SurveyOut, all as all_surveys};
use utoipa_axum::router::OpenApiRouter;

use crate::house::House;

/// Every documented route.
pub fn router() -> OpenApiRouter<House> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(auth::routes())
        .merge(users::routes())
        .merge(departments::routes())
        .merge(audit::routes())
        .merge(batches::routes())
        .merge(template::routes())
        .merge(fields::routes())
        .merge(dictionaries::routes())
        .merge(settings::routes())
        .merge(house_settings::routes())
        .merge(tenant_settings::routes())
        .merge(supervision_settings::routes())
        .merge(desk_settings::routes())
        .merge(products::routes())
        .merge(business_statuses::routes())
        .merge(imports::routes())
        .merge(previews::routes())
        .merge(undo::routes())
        .merge(rows::routes())
        .merge(sources::routes())
        .merge(leads::routes())
        .merge(filters::routes())
        .merge(campaigns::routes())
        .merge(targets::routes())
        .merge(running::routes())
        .merge(stats::routes())
        .merge(tasks::routes())
        .merge(recycle::routes())
        .merge(robots::routes())
        .merge(robot_orders::routes())
        .merge(grants::routes())
        .merge(heads::routes())
        .merge(contacts::routes())
        .merge(jobs::routes())
        .merge(agents::routes())
        .merge(messages::routes())
        .merge(my_list::routes())
        .merge(records::routes())
        .merge(preflight::routes())
        .merge(why::routes())
        .merge(decisions::routes())
        .merge(export::routes())
        .merge(calls::routes())
        .merge(voicemails::routes())
        .merge(call_backs::routes())
        .merge(call_legs::routes())
        .merge(call_members::routes())
        .merge(conferences::routes())
        .merge(in_call::routes())
        .merge(pick_up::routes())
        .merge(colleagues::routes())
        .merge(supervise::routes())
        .merge(two_parties::routes())
        .merge(trace::routes())
        .merge(registrations::routes())
        .merge(attempts::routes())
        .merge(queues::routes())
        .merge(queue_agents::routes())
        .merge(prompts::routes())
        .merge(gateways::routes())
        .merge(inbound_routes::routes())
        .merge(ivr_menus::routes())
        .merge(route_look_up::routes())
        .merge(extensions::routes())
        .merge(phone_control::routes())
        .merge(dnc::routes())
        .merge(dnc_lists::routes())
        .merge(holidays::routes())
        .merge(jurisdictions::routes())
        .merge(caller_ids::routes())
        .merge(numbers::routes())
        .merge(surveys::routes())
        .merge(consents::routes())
        .merge(events::routes())
}
