//! What an agent can do at the desk, one name a function. The numbers are those that older softphones
//! have for it (table 7.1.2, ESPFunc).

use serde::{Deserialize, Serialize};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident, $text:literal, [$($id:literal),*];)*) => {
        /// A function of the desk. As JSON its name; read also from its number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Given", into = "&'static str")]
        pub enum Function {
            $($(#[$doc])* $name,)*
        }

        impl Function {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Its numbers in table 7.1.2; a function that only we have has none.
            #[must_use]
            pub fn legacy(self) -> &'static [u16] {
                match self {
                    $(Self::$name => &[$($id),*],)*
                }
            }
        }
    };
}

functions! {
    /// 登录
    SignIn, "sign_in", [1];
    /// 退出
    SignOut, "sign_out", [2];
    /// 外拨: a call to a number outside.
    CallOutside, "call_outside", [3];
    /// 内呼: a call to an extension.
    CallInside, "call_inside", [4];
    /// 监听; supervisors have it, whatever is hidden.
    Monitor, "monitor", [5];
    /// 保持
    Hold, "hold", [6];
    /// 内部咨询
    ConsultInside, "consult_inside", [7];
    /// 外部咨询
    ConsultOutside, "consult_outside", [8];
    /// 满意度调查
    Survey, "survey", [9];
    /// 结束通话
    HangUp, "hang_up", [10];
    /// 取回保持
    Retrieve, "retrieve", [11];
    /// 取消咨询, 结束咨询, 取消外呼, 结束求助
    EndConsultation, "end_consultation", [13, 14, 19, 22];
    /// 咨询转接, 求助转出, 退出会议
    Complete, "complete", [15, 21, 49];
    /// 保持咨询, 取回咨询, 保持外线, 取回外线
    Swap, "swap", [16, 18, 20, 23];
    /// 咨询三方, 外线三方
    Confer, "confer", [17, 41];
    /// 强拆; supervisors have it, whatever is hidden.
    Release, "release", [25];
    /// 强拦; supervisors have it, whatever is hidden.
    Intercept, "intercept", [26];
    /// 强插; supervisors have it, whatever is hidden.
    Barge, "barge", [27];
    /// 完成: ends the after-call work.
    FinishWrapUp, "finish_wrap_up", [31];
    /// 离席
    NotReady, "not_ready", [33];
    /// 复席
    Ready, "ready", [34];
    /// 座席消息
    Message, "message", [37];
    /// 软摘机: the phone is answered from the desk.
    OffHook, "off_hook", [42];
    /// 预览外拨
    DialPreview, "dial_preview", [44];
    /// 结束预览, 删除预览任务, 取消本次外拨
    SkipPreview, "skip_preview", [43, 45, 46];
    /// 挂断与会者
    DropMember, "drop_member", [50];
    /// 转接坐席, 振铃转移: also to a queue or an extension.
    TransferInside, "transfer_inside", [53, 59];
    /// 转接IVR
    TransferMenu, "transfer_menu", [57, 65];
    /// 转接外线
    TransferOutside, "transfer_outside", [58];
    /// 麦克禁音
    Mute, "mute", [60];
    /// 麦克启用
    Unmute, "unmute", [61];
    /// 拨号盘
    Press, "press", [62];
    /// 抢接
    PickUp, "pick_up", [];
    /// 获取名单: the next lead, or one that the agent picks.
    Preview, "preview", [];
    /// 邀请加入
    Invite, "invite", [];
    /// 静音成员
    MuteMember, "mute_member", [];
}

impl Function {
    /// The function that has this number; `None` for those that this house does not have.
    #[must_use]
    pub fn of_legacy(id: u16) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|one| one.legacy().contains(&id))
    }
}

/// There is no function of this name or number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no function {0}")]
pub struct NoFunction(String);

/// A name, or a number, which may be written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Number(u16),
    Name(String),
}

impl TryFrom<Given> for Function {
    type Error = NoFunction;

    fn try_from(given: Given) -> Result<Self, NoFunction> {
        let name = match given {
            Given::Number(id) => id.to_string(),
            Given::Name(name) => name,
        };
        let mut all = Self::ALL.iter().copied();
        let named = all.find(|one| one.as_str() == name);
        let by_number = || name.parse().ok().and_then(Self::of_legacy);
        named.or_else(by_number).ok_or(NoFunction(name))
    }
}

impl From<Function> for &'static str {
    fn from(function: Function) -> Self {
        function.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_every_number_stands_once() {
        let mut names: Vec<&str> = Function::ALL.iter().map(|one| one.as_str()).collect();
        let mut numbers: Vec<u16> = Function::ALL
            .iter()
            .flat_map(|one| one.legacy().to_vec())
            .collect();
        let before = (names.len(), numbers.len());
        names.sort_unstable();
        names.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((names.len(), numbers.len()), before);
    }

    #[test]
    fn a_function_is_named_by_its_name_its_number_or_the_number_as_text() {
        let read = |text| serde_json::from_str::<Function>(text).map_err(|error| error.to_string());
        for text in ["\"hold\"", "6", "\"6\""] {
            assert_eq!(read(text), Ok(Function::Hold), "{text}");
        }
        assert_eq!(
            serde_json::to_string(&Function::Hold).ok(),
            Some("\"hold\"".into())
        );
        for text in ["\"fly\"", "63", "-1", "\"\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
