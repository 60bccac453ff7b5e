// What a user of the gateway sends: over `connection`, where each millisecond counts, else by Node's client, which keeps its own open.
import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'

const agent = new Agent({ keepAlive: true })

const REQUEST_CLIP = `mutation RequestClip($input: ClipInput!) {
  requestClip(input: $input) { clip { id downloadUrl state sizeBytes fragmentCount } issues { code severity message } }
}`

export async function query(gatewayUrl, text, variables, connection = null) {
  const url = `${gatewayUrl}/graphql`
  const body = JSON.stringify({ query: text, variables })
  const { data, errors } = connection === null ? await json(await post(url, body)) : JSON.parse(await connection.ask(url, toPost(body)))
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
}

function toPost(body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body }
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const { method, headers } = toPost(body)
    request(url, { method, agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, resolve)
      .once('error', reject)
      .end(body)
  })
}

export function toClipInput(stream, { startMs, endMs }, options = {}) {
  return {
    streamName: stream,
    startTimestamp: new Date(startMs).toISOString(),
    endTimestamp: new Date(endMs).toISOString(),
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    ...options,
  }
}

export async function requestClip(gatewayUrl, input, connection = null) {
  const { requestClip: answer } = await query(gatewayUrl, REQUEST_CLIP, { input }, connection)
  if (answer.clip === null) throw new Error(`no clip: ${JSON.stringify(answer.issues)}`)
  return answer.clip
}

export async function requestReadyClip(gatewayUrl, input) {
  const deadline = performance.now() + 120_000
  const { id } = await requestClip(gatewayUrl, input)
  while (performance.now() < deadline) {
    const { clip } = await query(gatewayUrl, 'query Clip($id: ID!) { clip(id: $id) { id downloadUrl state sizeBytes } }', { id })
    if (clip.state === 'READY') return clip
    if (clip.state === 'FAILED') throw new Error('the clip failed')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the clip did not become ready in two minutes')
}
