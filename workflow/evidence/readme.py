"""The page that lies on top of an evidence bundle, in plain words."""

from datetime import datetime
from typing import Final

from workflow.deadlines import SHANGHAI

README: Final = "README.txt"

_ZH = """明鉴 · 案件证据包
================

案件编号：{number}
导出时间：{at}
导出人岗位：{role}

一、怎么核对
  1. 用监督部门自己保存的核对程序，不要用这个包里的，也不要用被查单位给的。
     核对程序是一个文件 mingjian_check.py，任何装有 Python 3.9 以上的电脑都能运行，不连网。
     包里的那一份只供没有带程序的人临时使用，它的 SHA-256 是
     {checker}
  2. 运行（不要先解压）：
       python3 mingjian_check.py 证据包.zip --witness-policy 策略文件
     策略文件由监督部门自己保管，里面是日志和见证人的公钥。没有它，只能知道包内前后一致，
     不能知道整本日志是不是伪造的。
  3. 最后一行是结论。“核对通过”之外的任何结果，都不等于通过。

二、包里有什么
  entries/        日志条目的原始字节，从第 0 条起；每条旁边是回执（.tlog-proof）和程序密钥的签名（.sig）
  log/            日志里与本案有关的其他条目：密钥的登记和撤销、时间记录
  reads/          谁查看过本案、谁被拒绝：查看与拒绝日志里的条目，写法与 entries/、log/ 相同，有自己的检查点；
                  只有有权看的导出人，包里才有，其中封存的理由不在包里
  openings/       封存内容的开封值（盐值和内容），只含导出人有权看的
  papers/         材料原件
  letters/        文书：.json 是日志封存了指纹的内容，.txt 是可读的文字
  calculations/   计算表
  rules/          本案依据的流程图、表单、期限、政策，每套规则以其指纹为名
  checkpoint      日志的检查点：大小、根、日志和见证人的签名
  manifest.json   清单

三、核对能说明什么，不能说明什么
  能说明：这些记录写下以后，没有改动、删除、插入、调换先后；封存的内容、材料、文书、规则
  就是当时的那一份。
  不能说明：当时写下的是否属实；证据包之后有没有新的条目（要看监督部门的日志镜像）。

四、还可以做什么
  在装有明鉴的电脑上，逐步重走这件案件，看每一步是否符合当时的流程图：
       mingjian replay --bundle 证据包.zip
       mingjian inspect bundle 证据包.zip      （一条一条写出谁、何时、改了什么）
"""

_EN = """

Mingjian: the evidence of one case
==================================

Check it with the inspection's own copy of mingjian_check.py (one file, Python 3.9 or newer, no network):

    python3 mingjian_check.py BUNDLE.zip --witness-policy POLICY --lang en

The policy holds the keys of log and witnesses, and the inspection keeps it itself. Any result but "Sound" is
not sound. The check shows that nothing was changed, removed, inserted or moved since it was written. It does
not show that what was written was true, nor whether there are later entries: the inspection's mirror does.
"""


def readme(number: str, at: datetime, role: str, checker: str) -> bytes:
    """The text, with the case's number, the time, the exporter's role and the digest of the checker."""
    told = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}（北京时间）"
    return (_ZH.format(number=number, at=told, role=role, checker=checker) + _EN).encode()
