"""How the entries of a log are called: kinds, warnings, services, ways in."""

from collections.abc import Mapping
from typing import Final

from bpmn import Text

KINDS: Final[Mapping[str, Text]] = {
    "case_opened": Text("登记申请", "Application registered"),
    "task_completed": Text("办完一个环节", "A step was done"),
    "message_received": Text("收到消息", "A message came"),
    "timer_fired": Text("时间到，案卷自动往下走", "Time was up; the case moved on by itself"),
    "application_withdrawn": Text("申请人撤回申请", "The applicant withdrew"),
    "death_reported": Text("报告申请人死亡", "The applicant's death was reported"),
    "set_off_made": Text("由新的救助金抵扣", "Set off against new aid"),
    "case_paused": Text("暂停办理", "The case was paused"),
    "case_resumed": Text("恢复办理", "The case goes on"),
    "paper_attached": Text("补充材料", "A paper was added"),
    "objection_received": Text("收到异议", "An objection came in"),
    "alarm_raised": Text("期限提醒", "A warning was raised"),
    "deadline_paused": Text("停表", "The clock was stopped"),
    "deadline_resumed": Text("恢复计时", "The clock ran on"),
    "deadline_extended": Text("延长期限", "The limit was extended"),
    "extension_requested": Text("申请延期", "An extension was asked for"),
    "extension_refused": Text("不同意延期", "The extension was refused"),
    "step_urged": Text("催办", "The supervisor urged"),
    "step_handed_over": Text("改派", "The step was handed over"),
    "put_under_supervision": Text("挂牌督办", "Put under supervision"),
    "supervision_answered": Text("答复督办", "The supervisor was answered"),
    "supervision_answer_overdue": Text("督办答复超期", "The answer to the supervisor is overdue"),
    "supervision_ended": Text("督办摘牌", "The supervision ended"),
    "deadline_recalculated": Text("重新计算期限", "The limit was computed again"),
    "file_read": Text("查看了受保护的内容", "Protected content was looked at"),
    "file_exported": Text("导出案卷", "The file was exported"),
    "case_migrated": Text("换用新版规则", "Moved to other rules"),
    "erasure_proposed": Text("提出删除个人信息", "An erasure of personal data was proposed"),
    "erasure_confirmed": Text(
        "确认删除个人信息，等待执行", "The erasure was confirmed; it waits for who may delete"
    ),
    "erasure_refused": Text("没有同意删除个人信息", "The erasure was refused or taken back"),
    "erasure": Text("依法删除个人信息", "The personal data were erased by law"),
    "attempt_refused": Text("一次办理被拒绝", "An attempt was refused"),
}
LEVELS: Final[Mapping[str, Text]] = {
    "warn": Text("临期提醒", "Due soon"),
    "warn2": Text("快到期提醒", "Due very soon"),
    "overdue": Text("超期提醒", "Overdue"),
    "second": Text("超期后第二次提醒", "Overdue, second notice"),
    "third": Text("超期后第三次提醒", "Overdue, third notice"),
}
READ: Final[Mapping[str, Text]] = {
    "full_id": Text("查看完整身份证号", "the full identity number"),
    "account": Text("查看完整银行账号", "the full account number"),
    "entries": Text("查看日志原文和封存内容", "the raw log and its sealed values"),
    "objector": Text("查看提出异议的人", "who objected"),
    "bundle": Text("证据包", "the evidence bundle"),
    "case": Text("案卷", "the case file"),
    "chronicle": Text("案件办理经过（打印）", "the chronicle of the case, for print"),
    "comparison": Text("两件案卷对照回放", "two cases stepped through side by side"),
    "bundle_shown": Text("证据包的内容", "what is in an evidence bundle"),
    "task": Text("办理页和案卷", "the form of a step, with the case file"),
    "paper": Text("材料", "a paper"),
    "letter": Text("文书", "a letter"),
    "form": Text("填写过的表单", "a form as it was filled in"),
    "inspection": Text("逐条核查", "the case entry by entry"),
    "readers": Text("查看记录", "who has looked at the case"),
    "office_log": Text("案件以外的日志", "the log beside the cases"),
    "finding": Text("检查问题", "a finding of the inspection"),
    "list": Text("案卷目录", "a list of cases"),
    "ways": Text("办理路径及其案卷", "the ways of cases, and cases that took one"),
    "measure": Text("指标背后的名单", "the list behind a figure"),
    "search": Text("按姓名或身份证号查找", "a search by name or identity number"),
    "flags": Text("红旗清单", "a list of red flags"),
    "flag": Text("一面红旗", "a red flag"),
    "person": Text("登记的人员", "a registered person"),
}
SERVICES: Final[Mapping[str, Text]] = {
    "publish_posting": Text("开始公示", "The list was posted"),
    "end_posting": Text("撤下公示", "The list was taken down"),
    "letter_delivered": Text("文书已送达", "The letter was delivered"),
    "order_payment": Text("通知拨付", "Payment was ordered"),
    "set_off": Text("抵扣应退款", "Set off against what is owed"),
    "payment_returned": Text("银行退票", "The bank returned the payment"),
    "payment_credited": Text("资金已到账", "The money was credited"),
    "case_archived": Text("案卷已归档", "The file was archived"),
    "original_rests": Text("按需要暂停原案", "The original case rests if asked"),
    "original_resumes": Text("原案按需要恢复办理", "The original case goes on if it rested"),
    "decision_reopened": Text("另立新案重新审批", "A new case decides again"),
    "plan_kept": Text("登记最优方案", "The best plan was kept"),
    "plan_granted": Text("登记各部门同意的部分", "What the departments agreed to"),
    "alert_included": Text("纳入救助办理", "An application was opened"),
    "card_issued": Text("登记发卡", "A card was issued"),
    "end_category": Text("停止类别待遇", "The category ends"),
    "category_moved": Text("变更救助类别", "The category changes"),
    "objection_closed": Text("异议已办结", "The objection was closed"),
    "advance_asked": Text("登记绿色通道申请", "The request was entered in the register"),
    "advance_granted": Text("批准先行救助", "An advance was granted"),
    "advance_ordered": Text("通知拨付先行救助", "Payment of the advance was ordered"),
    "advance_credited": Text("先行救助已到医院账户", "The advance reached the hospital"),
    "advance_settled": Text("先行救助已结算", "The advance was settled"),
    "open_recovery": Text("启动追回程序", "A recovery was opened"),
    "recovery_opened": Text("登记追回台账", "Entered in the register of recoveries"),
    "recovery_decided": Text("多付金额已确定", "The excess is fixed"),
    "recovery_closed": Text("追回办结", "The recovery is closed"),
}
CHANNELS: Final[Mapping[str, Text]] = {
    "web": Text("网上", "on the web"),
    "phone": Text("电话", "by telephone"),
    "letter": Text("信件", "by letter"),
    "window": Text("窗口", "at the window"),
}
OTHER: Final[Mapping[str, Text]] = {
    "objection_text": Text("异议内容", "The objection"),
    "reason": Text("理由", "Reason"),
}
PUBLIC_ROLE: Final = Text("公众", "the public")
YES, NO = Text("是", "yes"), Text("否", "no")
