import type { FastifyRequest } from 'fastify'
import { escapeHtml, type HtmlPage, toCurl } from './html-page.js'

const QUERY = '{ streams { nodes { name status retainedFrom } } }'

/**
 * Whether a browser opens /graphql rather than a program that asks something there. It may come from anywhere, because the page that it
 * gets is the same for everybody. What carries an operation is never a visit.
 */
export function isVisit({ method, headers, query }: FastifyRequest): boolean {
  if (method !== 'GET' || headers.origin !== undefined || !/\btext\/html\b/i.test(headers.accept ?? '')) return false
  return typeof query === 'object' && query !== null && !('query' in query) && !('extensions' in query)
}

/** What /graphql shows to a person. Its links are relative, so that they also work below a path of a reverse proxy. */
export function toGraphqlPage(publicUrl: string): HtmlPage {
  const url = escapeHtml(publicUrl)
  const content = `<h1>clipgate</h1>
<p class="soft">This is the GraphQL endpoint. It answers programs; this page is for people.</p>
<p>Ask it something:</p>
<pre>${escapeHtml(toCurl(publicUrl, QUERY))}</pre>
<ul>
<li>Queries and mutations: <code>POST ${url}/graphql</code></li>
<li>Queries also by <code>GET ${url}/graphql?query=…</code></li>
<li>Subscriptions: WebSocket (<code>graphql-transport-ws</code>) at the same address</li>
<li><a href="schema.graphql">The schema</a>, every field with its meaning, and <a href="./">the start page</a></li>
</ul>`
  return { title: 'clipgate: GraphQL', content }
}
