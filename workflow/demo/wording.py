"""What people write when they describe a household: everybody in words of their own.

No illness, no name and no number of anybody: such texts go into letters and to the village board.
"""

from random import Random

WORK = ("务农", "打零工", "在县城务工", "养了几头牛", "种油茶", "在砖厂做工", "帮人带小孩", "外出务工")
HOUSE = ("砖木房", "两层砖房", "土坯房", "安置房", "借住亲戚的房子", "三间平房", "新修的平房")
ASKED = ("走访了两户邻居", "问过村民小组长", "和同住的家属谈过", "打电话核实过", "到家里看过")
SAID = ("说法一致", "与申请书写的相符", "没有发现隐瞒", "情况属实", "大体相符")
BURDEN = ("生活确有困难", "负担仍然很重", "借了亲友的钱", "影响了一家的基本生活", "存款已经用完")


def sentence(random: Random) -> str:
    """A few clauses, thirty characters at least; two are hardly ever the same."""
    people, able = random.randint(1, 6), random.randint(0, 3)
    income, cost = random.randint(30, 990), random.randint(31, 980)
    return (
        f"家里{people}口人，{able}个劳动力，主要靠{random.choice(WORK)}，住{random.choice(HOUSE)}，"
        f"种田{random.randint(0, 9)}亩{random.randint(1, 9)}分，全年收入{income}百元左右，"
        f"看病花了{cost}百元以上，{random.choice(BURDEN)}；{random.choice(ASKED)}，{random.choice(SAID)}。"
    )
