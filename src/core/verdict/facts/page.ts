/** A page of HTML, not a source that has some in it. */
const PAGE = /^\s*<(?:!doctype html|html|head|body|div|main|section|article|table|ul|nav)\b/i
const HIDDEN = /<(script|style|svg|noscript|template)\b[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->/gi
const TAG = /<[a-z][\w-]*(?:\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*\s*\/?>/gi
/** Attributes that only style, or are for scripts; all others say something of the page. */
const STYLING =
  /\s+(?:class|style|width|height|align|valign|bgcolor|border|cellpadding|cellspacing|color|face|size|tabindex|target|rel|loading|decoding|srcset|sizes|crossorigin|integrity|nonce|async|defer|charset|xmlns(?::\w+)?|on\w+|data-(?!testid)[\w:.-]+|js\w+|v-[\w:.-]+|_ng[\w-]+|dir|draggable|spellcheck|autocomplete|itemscope|itemtype|itemprop|property|media)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?(?=[\s/>])/gi

/** Whether a text is a page. */
export function isPage(text: string): boolean {
  return PAGE.test(text) && /<\/\w+>/.test(text)
}

/** What a page says: without scripts, styles, drawings and attributes of styling. Lines stay where they are. */
export function saidByPage(html: string): string {
  return html
    .replace(HIDDEN, (hidden) => hidden.replace(/[^\n]+/g, ''))
    .replace(TAG, (tag) => tag.replace(STYLING, ''))
}
