import { escapeHtml, type HtmlPage, toCurl } from './html-page.js'

/** What the gateway's own address shows: what to ask, and where things are. */
export function toStartPage(publicUrl: string): HtmlPage {
  const url = escapeHtml(publicUrl)
  // A proxy may give the gateway a path of its own. The page may also be opened under another name of the machine.
  const base = escapeHtml((URL.parse(publicUrl)?.pathname ?? '').replace(/\/$/, ''))
  const content = `<h1>clipgate</h1>
<p class="soft">Clips of archived camera footage, by GraphQL.</p>
<p>Which cameras are there, and how far back does their footage go?</p>
<pre>${escapeHtml(toCurl(publicUrl, STREAMS_QUERY))}</pre>
<p>What would a clip of one of them hold? (<code>requestClip</code> takes the same input and answers with the URL of the MP4.)</p>
<pre>${escapeHtml(CLIP_QUERY)}</pre>
<p>Where things are:</p>
<ul>
<li>GraphQL: <code>${url}/graphql</code></li>
<li><a href="${base}/schema.graphql">The schema</a>, every field with its meaning</li>
<li><a href="${base}/health/ready">Health</a> and <a href="${base}/metrics">metrics</a></li>
</ul>`
  return { title: 'clipgate', content }
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
