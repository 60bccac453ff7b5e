import { createHash } from 'node:crypto'

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

/** For the page's Content-Security-Policy: its own style and nothing else. */
export const START_PAGE_STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`

/** A page for whoever opens the gateway's address: what to ask, and where things are. It runs no script. */
export function renderStartPage(publicUrl: string): string {
  const url = escapeHtml(publicUrl)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>clipgate</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>clipgate</h1>
<p class="soft">Clips of archived camera footage, by GraphQL.</p>
<p>Which cameras are there, and how far back does their footage go?</p>
<pre>${escapeHtml(toCurl(publicUrl, STREAMS_QUERY))}</pre>
<p>What would a clip of one of them hold? (<code>requestClip</code> takes the same input and answers with the URL of the MP4.)</p>
<pre>${escapeHtml(CLIP_QUERY)}</pre>
<p>Where things are:</p>
<ul>
<li>GraphQL: <code>${url}/graphql</code></li>
<li><a href="/schema.graphql">The schema</a>, every field with its meaning</li>
<li><a href="/health/ready">Health</a> and <a href="/metrics">metrics</a></li>
</ul>
</main>
</body>
</html>
`
}

const STREAMS_QUERY = '{ streams { nodes { name status retainedFrom dataEndpoint } } }'

const CLIP_QUERY = `query {
  validateClip(input: {
    streamName: "…", startTimestamp: "2026-01-31T12:00:00Z", endTimestamp: "2026-01-31T12:01:00Z"
  }) {
    valid
    issues { code message hint }
    plan { fragmentCount estimatedBytes delivered { startTimestamp endTimestamp } }
  }
}`

function toCurl(publicUrl: string, query: string): string {
  return `curl -s ${publicUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
