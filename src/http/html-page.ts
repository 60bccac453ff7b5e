import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6b7c; --line: #d8dfe6; --back: #fbfcfd; --code: #f0f3f6; --mark: #0b6bcb }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa8b6; --line: #2c3742; --back: #10161d; --code: #18212b; --mark: #6cb3ff } }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { margin: 0; font-size: 2rem; letter-spacing: -0.02em }
p { margin: 0.5rem 0 1.25rem }
.soft { color: var(--soft) }
pre { overflow-x: auto; margin: 0.5rem 0 1.5rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--code); font: 14px/1.5 ui-monospace, monospace; user-select: all }
a { color: var(--mark) }
ul { padding-left: 1.1rem }
`
const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`
/** The page's own style and nothing else: it runs no script and loads nothing. */
const SECURITY_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`

export interface HtmlPage {
  readonly title: string
  /** HTML: what comes from outside is escaped. */
  readonly content: string
}

export function sendPage(reply: FastifyReply, { title, content }: HtmlPage): FastifyReply {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`
  return reply.header('content-security-policy', SECURITY_POLICY).type('text/html; charset=utf-8').send(html)
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** One GraphQL query as a command to paste. */
export function toCurl(publicUrl: string, query: string): string {
  return `curl -s ${publicUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`
}
