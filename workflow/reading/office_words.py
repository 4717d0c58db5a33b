"""How the entries beside the cases are called, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bpmn import Text
from workflow.reading import words

KINDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        **words.KINDS,
        "account_created": Text("新建账号", "An account was made"),
        "account_disabled": Text("停用账号", "An account was disabled"),
        "account_enabled": Text("恢复账号", "An account was enabled again"),
        "password_set": Text("改了密码", "A password was set"),
        "password_proposed": Text("提出重设密码", "A new password was proposed"),
        "password_refused": Text("不同意重设密码", "A new password was refused"),
        "seat_proposed": Text("提出安排岗位", "A seat was proposed"),
        "seat_refused": Text("不同意安排岗位", "A seat was refused"),
        "seat_given": Text("安排岗位", "A seat was given"),
        "seat_ended": Text("改变岗位的结束日期", "The last day of a seat was changed"),
        "leave_registered": Text("登记请假和代班", "A leave and its substitute were registered"),
        "leave_ended": Text("销假", "A leave ended"),
        "rules_proposed": Text("提出修改规则", "New rules were proposed"),
        "rules_adopted": Text("接手修改建议", "A proposal was taken over"),
        "rules_rejected": Text("不同意修改规则", "New rules were rejected"),
        "rules_withdrawn": Text("撤回修改建议", "A proposal was withdrawn"),
        "rules_released": Text("放行新规则", "New rules were released"),
        "calendar_proposed": Text("提出工作日历", "A calendar was proposed"),
        "calendar_rejected": Text("不同意工作日历", "A calendar was rejected"),
        "calendar_released": Text("放行工作日历", "A calendar was released"),
        "calendar_subscribed": Text("订阅日历", "A calendar was subscribed to"),
        "calendar_subscription_ended": Text("停止订阅日历", "A subscription ended"),
        "finding_drafted": Text("起草检查问题", "A finding was drafted"),
        "finding_discarded": Text("放弃检查问题", "A finding was discarded"),
        "finding_sent": Text("发出检查问题", "A finding was sent"),
        "finding_answered": Text("答复检查问题", "A finding was answered"),
        "finding_returned": Text("退回答复", "The answer was returned"),
        "finding_accepted": Text("认可答复", "The answer was accepted"),
        "finding_closed": Text("检查问题销号", "A finding was closed"),
        "finding_reminded": Text("提醒答复检查问题", "The answer to a finding was reminded of"),
        "spot_check_planned": Text("制定抽查计划", "A spot check was planned"),
        "spot_check_drawn": Text("抽取样本", "The sample was drawn"),
        "spot_check_recorded": Text("登记抽查结果", "A result was recorded"),
        "flags_run": Text("运行红旗规则", "The red flags were run"),
        "flag_concluded": Text("红旗核查结论", "A red flag was concluded on"),
        "figure_entered": Text("填报数据", "A figure was entered"),
        "evaluation_scored": Text("自评打分", "An evaluation was scored"),
        "retention_run": Text("按保存期限清理", "What was kept long enough was deleted"),
        "person_registered": Text("登记人员", "A person was registered"),
        "bill_registered": Text("登记费用", "A bill was registered"),
        "key_added": Text("启用密钥", "A key came into use"),
        "key_revoked": Text("吊销密钥", "A key was revoked"),
        "policy_agreed": Text("约定见证规则", "The rule for witnesses was agreed"),
        "tick": Text("时间记录", "A record of the time"),
        "time_corrected": Text("更正时间", "The time was corrected"),
        "recovery": Text("日志从备份恢复", "The log went on from a backup"),
    }
)
# in the order in which they are told
FACTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "account": Text("人员", "person"),
        "substitute": Text("代班", "substitute"),
        "role": Text("岗位", "role"),
        "office": Text("单位", "office"),
        "first": Text("自", "from"),
        "last": Text("至", "until"),
        "seat": Text("岗位号", "seat"),
        "proposal": Text("建议", "proposal"),
        "proposed_by": Text("提出", "proposed by"),
        "released_by": Text("放行", "released by"),
        "approved_by": Text("批准", "approved by"),
        "digest": Text("版本", "version"),
        "year": Text("年度", "year"),
        "years": Text("年度", "years"),
        "kid": Text("密钥", "key"),
        "purpose": Text("用途", "purpose"),
        "reason": Text("理由", "reason"),
        "finding": Text("问题", "finding"),
        "case": Text("案卷", "case"),
        "plan": Text("计划", "plan"),
        "rule": Text("规则", "rule"),
        "checkpoint": Text("检查点", "checkpoint"),
        "answer_by": Text("答复期限", "answer by"),
        "answers": Text("答案", "answers"),
        "asked": Text("询问", "asked"),
        "base": Text("原版本", "on version"),
        "bill": Text("费用", "bill"),
        "by_seconds": Text("相差秒数", "by seconds"),
        "cases": Text("案卷", "cases"),
        "changed": Text("改动", "changed"),
        "commitment": Text("承诺值", "commitment"),
        "conclusion": Text("结论", "conclusion"),
        "deleted": Text("删除", "deleted"),
        "due": Text("到期", "due"),
        "entries": Text("其他条目", "other entries"),
        "entry": Text("条目", "entry"),
        "evaluation": Text("评价", "evaluation"),
        "evidence": Text("依据", "evidence"),
        "figure": Text("数据", "figure"),
        "figures": Text("数字", "figures"),
        "files": Text("文件", "files"),
        "flag": Text("红旗", "flag"),
        "frame": Text("抽样框", "frame"),
        "from": Text("来源", "from"),
        "household": Text("家庭", "household"),
        "kind": Text("种类", "kind"),
        "leaf": Text("评价项", "item"),
        "level": Text("提醒", "level"),
        "old_origin": Text("原日志", "old log"),
        "old_root": Text("原根值", "old root"),
        "old_size": Text("原条数", "old size"),
        "on": Text("抽取日", "on"),
        "origin": Text("日志", "log"),
        "person": Text("登记号", "person no."),
        "points": Text("得分", "points"),
        "previous": Text("上一版本", "version before"),
        "quorum": Text("法定见证数", "quorum"),
        "relook": Text("复查日", "looked at again"),
        "replaces": Text("代替", "replaces"),
        "root": Text("根值", "root"),
        "sample": Text("样本", "sample"),
        "seed": Text("种子", "seed"),
        "sha256": Text("摘要", "digest"),
        "sheet": Text("抽查表", "sheet"),
        "size": Text("条数", "size"),
        "source": Text("出处", "source"),
        "strata": Text("层", "strata"),
        "told": Text("通知", "told"),
        "value": Text("值", "value"),
        "vkey": Text("公钥", "public key"),
        "word": Text("约定的词", "word"),
        "rules": Text("规则", "rules"),
        "found": Text("红旗", "found"),
        "new": Text("新的", "new"),
        "faults": Text("出错", "faults"),
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds that are looked at together."""

    name: Text
    kinds: Sequence[str]


def _beginning(*starts: str) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind.startswith(starts))


GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {
        "people": Group(
            Text("人员和岗位", "People and seats"), _beginning("account_", "password_", "seat_", "leave_")
        ),
        "rules": Group(Text("规则和日历", "Rules and calendar"), _beginning("rules_", "calendar_")),
        "log": Group(
            Text("密钥和日志", "Keys and the log"),
            ("key_added", "key_revoked", "policy_agreed", "recovery", "time_corrected", "tick"),
        ),
    }
)
