/**
 * Chinese words that tools are described with, and what they are in English: many servers are described in Chinese, agents search in English, and
 * neither words nor the model go from one to the other. General words only: nothing of one server.
 */
const WORDS = `
获取 取得 得到=get|查询 查找 检索=query search|搜索 搜寻=search|创建 新建 建立=create|生成=generate|删除 移除=delete remove|更新=update|修改 编辑=edit|添加 新增 增加=add
列出 列表=list|显示 展示=show|打开=open|关闭=close|读取 阅读=read|写入=write|保存 存储=save store|发送=send|发布=publish post|接收=receive|下载=download|上传=upload
执行 运行=run execute|启动=start|停止=stop|转换=convert|翻译=translate|计算=calculate|分析=analyze analysis|统计=statistics|比较 对比=compare|推荐=recommend recommendation|预测=forecast
解析=parse|提取=extract|合并=merge|拆分=split|复制=copy|移动=move|重命名=rename|导出=export|导入=import|验证=verify validate|测试=test|监控=monitor|订阅=subscribe|播放=play|点击=click
登录=login|注册=register|设置 配置=settings configuration|管理=manage|控制=control|连接=connect|绘制 绘图=draw|预订 预定=book reservation|购买=buy|支付=pay payment|规划=plan
文件=file|文件夹 目录=directory folder|文档=document|路径=path|文本 文字=text|内容=content|标题=title|段落=paragraph|表格=table spreadsheet|图表=chart|图片 图像=image picture|照片=photo
视频=video|音频=audio|音乐=music|歌曲=song|电影=movie|电视=television|游戏=game|小说=novel|图书 书籍=book|榜单 排行 热榜=ranking popular list|热门 热点 热搜=popular trending
新闻 资讯 快讯=news|头条=headlines|文章=article|论文=paper|评论=comments|评测=reviews|博客=blog|论坛=forum|社区=community|社交=social|消息 信息=information message|邮件 邮箱=email
网页=web page|网站=website|网络=network|互联网=internet|链接=link|浏览器=browser|截图=screenshot|搜索引擎=search engine|关键词=keyword|代码=code|仓库=repository|数据库=database
数据=data|接口=interface api|服务器=server|系统=system|软件=software|应用=application|程序=program|工具=tool|设备=device|手机=phone|电脑 计算机=computer|数码=digital electronics
科技 技术=technology|人工智能=artificial intelligence|模型=model|股票=stock|基金=fund|股市 行情=stock market|市场=market|价格=price|金融 财经=finance|经济=economy|投资=investment
融资=financing|公司 企业=company|商业=business|创业=startup|产业 行业=industry|产品 商品=product goods|优惠 折扣=discount cheap deals|购物=shopping|消费=consumer|订单=order|用户=user
客户=customer|员工=employee|天气=weather|气温 温度=temperature|空气=air|地图=map|地址=address|位置=location|坐标 经纬度=coordinates|附近 周边=nearby|路线=route|导航=navigation
距离=distance|驾车=driving|步行=walking|公交=bus|地铁=subway|火车 列车=train|车票=train ticket|车站=station|航班=flight|机场=airport|酒店=hotel|旅游 旅行=travel|景点=attractions
餐厅=restaurant|美食=food|菜谱 食谱=recipe|菜品=dish|健康=health|医疗=medical|药物=drug|教育=education|学习=learn|学校=school|体育=sports|汽车=car|房产=real estate|城市=city
国家=country|国际=international|国内=domestic|政治=politics|社会=society|文化=culture|历史=history|娱乐=entertainment|生活=life|科学=science|数学=math|时间=time|日期=date|今天=today
日历=calendar|农历=lunar calendar|时区=time zone|生日=birthday|年龄=age|星期=week|最新=latest|当前=current|默认=default|指定=specified|结果=result|状态=status|错误=error|日志=log
颜色=color|字体=font|大小=size|格式=format|模板=template|样式=style|背景=background|动画=animation|幻灯片 演示文稿=slide presentation|思维导图=mind map|词云=word cloud|二维码=qr code
`

const ENGLISH: ReadonlyMap<string, string> = new Map(
  WORDS.trim()
    .split(/[|\n]/)
    .flatMap((row) => {
      const [chinese = '', english = ''] = row.split('=')
      return chinese.split(' ').map((word) => [word, english] as const)
    }),
)
const LONGEST = Math.max(...[...ENGLISH.keys()].map((word) => word.length))

/** What of a text is known of its Chinese words, in English and in their order; empty where there is none. */
export function glossOf(text: string): string {
  const found: string[] = []
  for (const [run] of text.matchAll(/\p{Script=Han}{2,}/gu))
    for (let at = 0; at < run.length; ) {
      let length = Math.min(LONGEST, run.length - at)
      while (length > 1 && !ENGLISH.has(run.slice(at, at + length))) length--
      const english = ENGLISH.get(run.slice(at, at + length))
      if (english !== undefined) found.push(english)
      at += length
    }
  return [...new Set(found)].join(' ')
}
