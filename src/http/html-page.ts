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
/** Allows only the style above: pages run no scripts and load nothing. */
const SECURITY_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`

interface HtmlPage {
  readonly title: string
  /** HTML. Values from outside must be escaped. */
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

/** The page at the gateway's own address. It links only what this address serves. */
export function toStartPage(publicUrl: string, { hasMetrics, hasSchema }: Readonly<Record<'hasMetrics' | 'hasSchema', boolean>>): HtmlPage {
  const url = escapeHtml(publicUrl)
  // Not an absolute link, because the page may be open under another name of the machine. A reverse proxy can add a path.
  const base = escapeHtml(new URL(publicUrl).pathname.replace(/\/$/, ''))
  const content = `<h1>clipgate</h1>
<p class="soft">Clips of archived camera footage, by GraphQL.</p>
<p>List the cameras, and how far back their footage goes:</p>
<pre>${escapeHtml(toCurl(publicUrl, '{ streams { nodes { name status retainedFrom dataEndpoint } } }'))}</pre>
<p>Check what a clip would contain. <code>requestClip</code> takes the same input and returns the URL of the MP4:</p>
<pre>${escapeHtml(CLIP_QUERY)}</pre>
<p>See also:</p>
<ul>
<li>GraphQL: <code>${url}/graphql</code></li>
${hasSchema ? `<li><a href="${base}/schema.graphql">The schema</a>, with a description of every field</li>\n` : ''}<li><a href="${base}/health/ready">Health</a>${hasMetrics ? ` and <a href="${base}/metrics">metrics</a>` : ''}</li>
</ul>`
  return { title: 'clipgate', content }
}

const CLIP_QUERY = `query {
  validateClip(input: {
    streamName: "…", startTimestamp: "2026-01-31T12:00:00Z", endTimestamp: "2026-01-31T12:01:00Z"
  }) {
    valid
    issues { code message hint }
    plan { fragmentCount estimatedBytes delivered { startTimestamp endTimestamp } }
  }
}`

/** The page that /graphql shows to a browser. Its links are relative, so that they work under the path of a reverse proxy. */
export function toGraphqlPage(publicUrl: string): HtmlPage {
  const url = escapeHtml(publicUrl)
  const content = `<h1>clipgate</h1>
<p class="soft">This is the GraphQL endpoint, for programs.</p>
<p>Try a query:</p>
<pre>${escapeHtml(toCurl(publicUrl, '{ streams { nodes { name status retainedFrom } } }'))}</pre>
<ul>
<li>Queries and mutations: <code>POST ${url}/graphql</code></li>
<li>Queries also by <code>GET ${url}/graphql?query=…</code></li>
<li>Subscriptions: WebSocket (<code>graphql-transport-ws</code>) at the same address</li>
<li><a href="./">The start page</a></li>
</ul>`
  return { title: 'clipgate: GraphQL', content }
}

function toCurl(publicUrl: string, query: string): string {
  return `curl -s ${publicUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
