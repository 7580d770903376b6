"""What is said to whom something is refused, or advised: English, Traditional and Simplified Chinese.

Rules of this file: data only, one entry a sentence; the three use the same values. `{label}` is the field, as `fields` calls it.
The department must confirm the Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str, str]] = {
    "empty": (
        "{label} is empty; fill it in",
        "{label}未填寫；請填寫",
        "{label}未填写；请填写",
    ),
    "no_packages": (
        "{label} is {value}; give 1 or more, or mark the cargo as bulk",
        "{label}為{value}；請填寫1或以上，或選擇散裝貨物",
        "{label}为{value}；请填写1或以上，或选择散装货物",
    ),
    "out_of_range": (
        "{label} is {value}; give a number above 0 and below 1,000,000,000,000",
        "{label}為{value}；請填寫大於0並小於1,000,000,000,000的數字",
        "{label}为{value}；请填写大于0并小于1,000,000,000,000的数字",
    ),
    "too_long": (
        "{label} has {length} characters; at most {most} fit, shorten it",
        "{label}有{length}個字元；最多{most}個，請縮短",
        "{label}有{length}个字符；最多{most}个，请缩短",
    ),
    "unprintable": (
        "{label} has signs that cannot be shown; type it again",
        "{label}含有無法顯示的字元；請重新輸入",
        "{label}含有无法显示的字符；请重新输入",
    ),
    "not_a_code": (
        "{label} {value!r} is not known; use one of {known}",
        "{label}「{value}」不明；請使用以下其中一項：{known}",
        "{label}“{value}”不明；请使用以下其中一项：{known}",
    ),
    "not_a_country": (
        "{label} {value!r} is not two capital letters; write for instance HK or CN",
        "{label}「{value}」並非兩個大寫字母；請填寫例如HK或CN",
        "{label}“{value}”并非两个大写字母；请填写例如HK或CN",
    ),
    "bulk_in_packages": (
        "{label}: the item is marked as bulk and has packages too; keep one of the two",
        "{label}：該項已選散裝，但又填寫了包裝；請只保留其一",
        "{label}：该项已选散装，但又填写了包装；请只保留其一",
    ),
    "bulk_unweighed": (
        "{label}: bulk cargo has neither weight nor volume; give one of them",
        "{label}：散裝貨物未填重量或體積；請填寫其中一項",
        "{label}：散装货物未填重量或体积；请填写其中一项",
    ),
    "no_unit": (
        "{label} is empty but its amount is given; choose a unit",
        "{label}未填寫，但已填數量；請選擇單位",
        "{label}未填写，但已填数量；请选择单位",
    ),
    "no_amount": (
        "{label} is given without its amount; fill in the amount or leave the unit empty",
        "已填寫{label}，但未填數量；請填寫數量，或不填單位",
        "已填写{label}，但未填数量；请填写数量，或不填单位",
    ),
    "no_goods": (
        "Part IV has no goods item; describe at least one",
        "第四部分沒有貨品；請最少填寫一項",
        "第四部分没有货品；请最少填写一项",
    ),
    "too_many": (
        "{label}: {count} are given; at most {most} fit",
        "{label}：共填寫了{count}項；最多{most}項",
        "{label}：共填写了{count}项；最多{most}项",
    ),
    "container_digit": (
        "{label} {value}: its last digit should be {digit}; read the number again",
        "{label}{value}的最後一位應為{digit}；請再核對編號",
        "{label}{value}的最后一位应为{digit}；请再核对编号",
    ),
    "not_a_date": (
        "{label} {value!r} is not a date; write YYYY-MM-DD or YYYY-MM-DDThh:mm",
        "{label}「{value}」並非日期；請填寫YYYY-MM-DD或YYYY-MM-DDThh:mm",
        "{label}“{value}”并非日期；请填写YYYY-MM-DD或YYYY-MM-DDThh:mm",
    ),
    "too_early": (
        "{label} {value} is more than 14 days ahead; lodge from {opens}",
        "{label}{value}距今超過14天；請於{opens}起提交",
        "{label}{value}距今超过14天；请于{opens}起提交",
    ),
    "too_late": (
        "{label} {value} is less than 30 minutes ahead or past; give a later crossing",
        "{label}{value}距今不足30分鐘或已過；請填寫較後的過關時間",
        "{label}{value}距今不足30分钟或已过；请填写较后的过关时间",
    ),
    "no_scheme": (
        "{label} {value!r} is not known; leave it empty or use one of {known}",
        "{label}「{value}」不明；請留空或使用以下其中一項：{known}",
        "{label}“{value}”不明；请留空或使用以下其中一项：{known}",
    ),
    "no_point": (
        "{label} {value!r} is not in use; leave it empty or use one of {known}",
        "{label}「{value}」並未使用；請留空或使用以下其中一項：{known}",
        "{label}“{value}”并未使用；请留空或使用以下其中一项：{known}",
    ),
    "broad": (
        "{label} {value!r} is broad; a full description helps clearance and the declaration, for instance {better!r}",
        "{label}「{value}」過於籠統；完整說明有助清關及報關，例如「{better}」",
        "{label}“{value}”过于笼统；完整说明有助清关及报关，例如“{better}”",
    ),
    "container_form": (
        "{label} {value!r} has not the form of ISO 6346 (four letters, seven digits); check it",
        "{label}「{value}」不符合ISO 6346格式（四個字母加七個數字）；請核對",
        "{label}“{value}”不符合ISO 6346格式（四个字母加七个数字）；请核对",
    ),
    "batch_item": (
        "consignment {number}: ",
        "第{number}批貨物：",
        "第{number}批货物：",
    ),
    "batch_empty": (
        "the batch has no consignment; add at least one",
        "批次內沒有貨物資料；請最少加入一項",
        "批次内没有货物资料；请最少加入一项",
    ),
    "batch_too_long": (
        "the batch has {count} consignments; at most {most} go into one, split it",
        "批次內有{count}項貨物資料；每批最多{most}項，請分拆",
        "批次内有{count}项货物资料；每批最多{most}项，请分拆",
    ),
    "batch_unnamed": (
        "the batch has no number; give it one of your own, so that a repeat is known for one",
        "批次沒有編號；請自行編號，以便系統識別重複提交",
        "批次没有编号；请自行编号，以便系统识别重复提交",
    ),
    "batch_differs": (
        "batch {batch} was lodged already with other contents ({count} CCRNs, first {first}); amend those, or use another batch number",
        "批次{batch}早前已提交，但內容不同（共{count}個海關貨物編號，首個為{first}）；請修改該等資料，或使用另一批次編號",
        "批次{batch}早前已提交，但内容不同（共{count}个海关货物编号，首个为{first}）；请修改该等资料，或使用另一批次编号",
    ),
    "amend_bundled": (
        "CCRN {ccrn} is bundled under UBR {ubr}; debundle, amend, then bundle again",
        "海關貨物編號{ccrn}已捆綁於UBR {ubr}；請先取消捆綁，修改後再捆綁",
        "海关货物编号{ccrn}已捆绑于UBR {ubr}；请先取消捆绑，修改后再捆绑",
    ),
    "amend_crossed": (
        "CCRN {ccrn} has crossed; it cannot be changed",
        "海關貨物編號{ccrn}已過境；不能更改",
        "海关货物编号{ccrn}已过境；不能更改",
    ),
    "cancelled": (
        "CCRN {ccrn} was cancelled; lodge the cargo anew",
        "海關貨物編號{ccrn}已取消；請重新提交貨物資料",
        "海关货物编号{ccrn}已取消；请重新提交货物资料",
    ),
    "nothing_lodged": (
        "CCRN {ccrn} came with a bundle made elsewhere; there is no lodgement to change",
        "海關貨物編號{ccrn}隨另處所作的捆綁轉入；沒有可更改的提交資料",
        "海关货物编号{ccrn}随另处所作的捆绑转入；没有可更改的提交资料",
    ),
    "draft_unknown": (
        "draft {name!r} is not among yours; list them",
        "你沒有名為「{name}」的草稿；請查閱清單",
        "你没有名为“{name}”的草稿；请查阅清单",
    ),
    "draft_unnamed": (
        "the draft has no name; give it one of at most 64 characters",
        "草稿沒有名稱；請填寫不超過64個字元的名稱",
        "草稿没有名称；请填写不超过64个字符的名称",
    ),
    "draft_too_large": (
        "the draft has {length} bytes; at most {most} are kept",
        "草稿有{length}位元組；最多保存{most}",
        "草稿有{length}位元组；最多保存{most}",
    ),
    "driver_empty": (
        "{label} is empty; fill it in",
        "{label}未填寫；請填寫",
        "{label}未填写；请填写",
    ),
    "mark": (
        "vehicle registration mark {value!r} is not a Hong Kong mark; give it as on the plate, for instance AB1234",
        "車輛登記號碼「{value}」並非有效號碼；請按車牌填寫",
        "车辆登记号码“{value}”并非有效号码；请按车牌填写",
    ),
    "no_ccrn": (
        "no CCRN given; an unladen vehicle is not bundled, its driver presses the button at the lane",
        "未填寫海關貨物編號；空車無須捆綁，司機在通道按「空車」按鈕",
        "未填写海关货物编号；空车无须捆绑，司机在通道按“空车”按钮",
    ),
    "too_many_ccrns": (
        "{count} CCRNs are given; at most {most} go under one UBR",
        "共填寫了{count}個海關貨物編號；每個UBR最多{most}個",
        "共填写了{count}个海关货物编号；每个UBR最多{most}个",
    ),
    "ccrn_form": (
        "CCRN {ccrn!r} is not ten digits",
        "海關貨物編號「{ccrn}」並非十位數字",
        "海关货物编号“{ccrn}”并非十位数字",
    ),
    "ccrn_twice": (
        "CCRN {ccrn} is given twice",
        "海關貨物編號{ccrn}重複填寫",
        "海关货物编号{ccrn}重复填写",
    ),
    "ccrn_unknown": (
        "CCRN {ccrn} is not known; ask the shipper to lodge the cargo or to check the number",
        "沒有海關貨物編號{ccrn}；請付貨人提交貨物資料或核對編號",
        "没有海关货物编号{ccrn}；请付货人提交货物资料或核对编号",
    ),
    "ccrn_crossed": (
        "CCRN {ccrn} has crossed already; the shipper must lodge a new one",
        "海關貨物編號{ccrn}已過境；付貨人須重新提交",
        "海关货物编号{ccrn}已过境；付货人须重新提交",
    ),
    "ccrn_bundled": (
        "CCRN {ccrn} is bundled under UBR {ubr}; debundle that first",
        "海關貨物編號{ccrn}已捆綁於UBR {ubr}；請先取消該捆綁",
        "海关货物编号{ccrn}已捆绑于UBR {ubr}；请先取消该捆绑",
    ),
    "ccrn_taken_over": (
        "CCRN {ccrn} was taken over with a bundle since withdrawn; the shipper must lodge a new one",
        "海關貨物編號{ccrn}隨一個已撤銷的捆綁轉入；付貨人須重新提交",
        "海关货物编号{ccrn}随一个已撤销的捆绑转入；付货人须重新提交",
    ),
    "ccrn_direction": (
        "CCRN {ccrn} was lodged for {lodged}, not {asked}",
        "海關貨物編號{ccrn}提交的方向為{lodged}，並非{asked}",
        "海关货物编号{ccrn}提交的方向为{lodged}，并非{asked}",
    ),
    "ccrn_ends": (
        "CCRN {ccrn} is valid until {day}, before this vehicle may cross; lodge a new one",
        "海關貨物編號{ccrn}有效至{day}，早於可過關時間；請重新提交",
        "海关货物编号{ccrn}有效至{day}，早于可过关时间；请重新提交",
    ),
    "ubr_unknown": (
        "UBR {ubr} is not known; check the ten digits",
        "沒有UBR {ubr}；請核對十位數字",
        "没有UBR {ubr}；请核对十位数字",
    ),
    "ubr_used": (
        "UBR {ubr} has been used by crossing {visit}; it cannot be changed",
        "UBR {ubr}已由過境{visit}使用；不能更改",
        "UBR {ubr}已由过境{visit}使用；不能更改",
    ),
    "ubr_debundled": (
        "UBR {ubr} is debundled already",
        "UBR {ubr}已取消捆綁",
        "UBR {ubr}已取消捆绑",
    ),
    "same_vehicle": (
        "UBR {ubr} is bundled with {vrn} already; name the other vehicle",
        "UBR {ubr}已與{vrn}捆綁；請填寫另一車輛",
        "UBR {ubr}已与{vrn}捆绑；请填写另一车辆",
    ),
    "decide_unknown": (
        "CCRN {ccrn} is not known; check the ten digits",
        "沒有海關貨物編號{ccrn}；請核對十位數字",
        "没有海关货物编号{ccrn}；请核对十位数字",
    ),
    "decide_crossed": (
        "CCRN {ccrn} has crossed; a decision comes too late, hold the vehicle instead",
        "海關貨物編號{ccrn}已過境；決定太遲，請改為扣查車輛",
        "海关货物编号{ccrn}已过境；决定太迟，请改为扣查车辆",
    ),
    "code_unused": (
        "action code {action!r} is not in use; use one of {known}",
        "行動代碼「{action}」並未使用；請使用以下其中一項：{known}",
        "行动代码“{action}”并未使用；请使用以下其中一项：{known}",
    ),
    "decide_why": (
        "a decision needs a reason; say why",
        "決定須附理由；請說明",
        "决定须附理由；请说明",
    ),
    "hold_why": (
        "a hold needs a reason; say why",
        "扣查須附理由；請說明",
        "扣查须附理由；请说明",
    ),
    "not_held": (
        "{vrn} is not held",
        "{vrn}並未被扣查",
        "{vrn}并未被扣查",
    ),
    "not_approved": (
        "{vrn} is not an approved vehicle",
        "{vrn}並非獲批准車輛",
        "{vrn}并非获批准车辆",
    ),
    "import_times": (
        "bundle of {vrn}: valid until is not after its earliest crossing",
        "{vrn}的捆綁：有效期不遲於最早過關時間",
        "{vrn}的捆绑：有效期不迟于最早过关时间",
    ),
    "import_empty": (
        "bundle of {vrn}: has no consignment",
        "{vrn}的捆綁：沒有貨物",
        "{vrn}的捆绑：没有货物",
    ),
    "import_ubr": (
        "UBR {ubr} is here already; leave it out",
        "UBR {ubr}已存在；請剔除",
        "UBR {ubr}已存在；请剔除",
    ),
    "import_ccrn": (
        "CCRN {ccrn} is here already; bundle it, or leave the record out",
        "海關貨物編號{ccrn}已存在；請捆綁，或剔除該紀錄",
        "海关货物编号{ccrn}已存在；请捆绑，或剔除该纪录",
    ),
    "command_unknown": (
        "command {command} was not sent by this core",
        "命令{command}並非由本中央系統發出",
        "命令{command}并非由本中央系统发出",
    ),
    "series_used_up": (
        "the series of ten-digit references is used up; a technician must open a new series",
        "十位數字編號已用完；技術員須開設新編號系列",
        "十位数字编号已用完；技术人员须开设新编号系列",
    ),
    "nobody": (
        "login {login} has no account here; a supervisor adds one with rocars-core account add, or sign in with rocars-core sign-in",
        "登入名稱{login}在此沒有帳戶；請主管以rocars-core account add開設，或以rocars-core sign-in登入",
        "登录名称{login}在此没有账户；请主管以rocars-core account add开设，或以rocars-core sign-in登录",
    ),
    "role": (
        "{account} may not do this ({request}); it takes the role of {needed}",
        "{account}無權進行此操作（{request}）；須具備角色：{needed}",
        "{account}无权进行此操作（{request}）；须具备角色：{needed}",
    ),
    "no_owner": (
        "say for whom: the party that this belongs to",
        "請說明所屬的登記方",
        "请说明所属的登记方",
    ),
    "party_unknown": (
        "party {party!r} is not registered",
        "登記方「{party}」並未登記",
        "登记方“{party}”并未登记",
    ),
    "sign_in": (
        "name, password or code is wrong, or the account is closed",
        "名稱、密碼或驗證碼錯誤，或帳戶已停用",
        "名称、密码或验证码错误，或账户已停用",
    ),
    "locked": (
        "too many wrong tries; the account is locked until {until}",
        "錯誤次數過多；帳戶鎖定至{until}",
        "错误次数过多；账户锁定至{until}",
    ),
    "session": (
        "the session has ended; sign in again",
        "登入時段已結束；請重新登入",
        "登录时段已结束；请重新登录",
    ),
    "account_unknown": (
        "account {name!r} is not known",
        "沒有帳戶「{name}」",
        "没有账户“{name}”",
    ),
    "account_there": (
        "account {name!r} is there already",
        "帳戶「{name}」已存在",
        "账户“{name}”已存在",
    ),
    "account_name": (
        "account {name!r}: write 2 to 32 small letters, digits, dots, hyphens or underscores, a letter first",
        "帳戶「{name}」：請用2至32個小寫字母、數字、點、連字號或底線，以字母開首",
        "账户“{name}”：请用2至32个小写字母、数字、点、连字号或底线，以字母开首",
    ),
    "roles_clash": (
        "one person cannot be {one} and {other}",
        "同一人不能兼任{one}與{other}",
        "同一人不能兼任{one}与{other}",
    ),
    "roles_none": (
        "an account needs a role; one or more of {known}",
        "帳戶須有角色；請選一項或以上：{known}",
        "账户须有角色；请选一项或以上：{known}",
    ),
    "party_needed": (
        "a trader or driver belongs to a party; name it",
        "付貨人或司機須屬於一個登記方；請填寫",
        "付货人或司机须属于一个登记方；请填写",
    ),
    "party_of_officer": (
        "an officer belongs to no party of the trade",
        "海關人員不屬於任何業界登記方",
        "海关人员不属于任何业界登记方",
    ),
    "password_short": (
        "the password has fewer than {least} characters; take a longer one",
        "密碼少於{least}個字元；請使用較長的密碼",
        "密码少于{least}个字符；请使用较长的密码",
    ),
    "password_name": (
        "the password holds the account's name; take another",
        "密碼包含帳戶名稱；請另選",
        "密码包含账户名称；请另选",
    ),
    "last_admin": (
        "{name} is the last open account that can open others; give another that role first",
        "{name}是最後一個可開設帳戶的帳戶；請先將該角色給予另一帳戶",
        "{name}是最后一个可开设账户的账户；请先将该角色给予另一账户",
    ),
    "wall_order": (
        "a wall may not order {name}",
        "控制點總覽不可發出{name}指令",
        "控制点总览不可发出{name}指令",
    ),
    "wall_lane": (
        "{wall} may not order lane {lane}: it is not among its lanes in walls.lanes",
        "{wall}不可向通道{lane}發出指令：該通道不在其 walls.lanes 之內",
        "{wall}不可向通道{lane}发出指令：该通道不在其 walls.lanes 之内",
    ),
    "wall_person": (
        "an order carries the name of the person who gives it",
        "指令須註明發出者的姓名",
        "指令须注明发出者的姓名",
    ),
    "wall_sees": (
        "this wall may not look at lane {lane}: it is not among its lanes in walls.lanes",
        "此總覽不可查閱通道{lane}：該通道不在其 walls.lanes 之內",
        "此总览不可查阅通道{lane}：该通道不在其 walls.lanes 之内",
    ),
    "wall_past": (
        "this core tells walls nothing of the past",
        "此中央不提供過往紀錄予總覽",
        "此中央不提供过往纪录予总览",
    ),
    "visit_unknown": (
        "visit {visit} is not here",
        "沒有過程{visit}的紀錄",
        "没有过程{visit}的纪录",
    ),
    "visit_archived": (
        "rows of visit {visit} are in the archive; have a technician bring {file} (rocars-core decided --archive)",
        "過程{visit}的紀錄已存檔；請技術員取出{file}（rocars-core decided --archive）",
        "过程{visit}的纪录已存档；请技术员取出{file}（rocars-core decided --archive）",
    ),
    "picture_of_another": (
        "picture {picture} is none of visit {visit}",
        "圖片{picture}不屬過程{visit}",
        "图片{picture}不属过程{visit}",
    ),
    "records_unreadable": (
        "the core's records cannot be read now ({error}); try again, call a technician",
        "中央紀錄現時未能讀取（{error}）；請再試，並通知技術員",
        "中央纪录现时未能读取（{error}）；请再试，并通知技术员",
    ),
    "file_changed": (
        "NOT GENUINE: this is no signed file of the core, or it was changed ({error})",
        "並非真本：這不是中央簽署的檔案，或曾被更改（{error}）",
        "并非真本：这不是中央签署的文件，或曾被更改（{error}）",
    ),
    "file_written_otherwise": (
        "NOT GENUINE: it is not written as the core writes it; it was changed",
        "並非真本：寫法與中央不同，曾被更改",
        "并非真本：写法与中央不同，曾被更改",
    ),
    "file_unsealed": (
        "NOT GENUINE: this PDF has no seal of the core, or it was changed; verify the record inside by itself (pdfdetach)",
        "並非真本：此 PDF 沒有中央封印，或封印曾被更改；請取出所附紀錄（pdfdetach）另行查核",
        "并非真本：此 PDF 没有中央封印，或封印曾被更改；请取出所附纪录（pdfdetach）另行查核",
    ),
    "pages_changed": (
        "NOT GENUINE: pages or record were changed after the core sealed them; verify the record by itself (pdfdetach)",
        "並非真本：頁面或所附紀錄在中央加上封印後曾被更改；請取出所附紀錄（pdfdetach）另行查核",
        "并非真本：页面或所附纪录在中央加上封印后曾被更改；请取出所附纪录（pdfdetach）另行查核",
    ),
    "pages_without_record": (
        "NOT GENUINE: the pages are as they were sealed, the record inside is not the one they were made of ({detail})",
        "並非真本：頁面與封印相符，但所附紀錄並非製作頁面時所用的紀錄（{detail}）",
        "并非真本：页面与封印相符，但所附纪录并非制作页面时所用的纪录（{detail}）",
    ),
    "pages_of_no_record": (
        "this record was exported by somebody else, too long ago, or has pages already; export it again",
        "此紀錄由他人匯出、匯出已久，或已有封印頁面；請重新匯出",
        "此纪录由他人导出、导出已久，或已有封印页面；请重新导出",
    ),
    "file_unsigned": (
        "NOT GENUINE: {error}",
        "並非真本：{error}",
        "并非真本：{error}",
    ),
}
