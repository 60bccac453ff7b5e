// What a user of the gateway sends, over a connection that stays open, as browsers keep theirs.
import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'

const agent = new Agent({ keepAlive: true })

const REQUEST_CLIP = `mutation RequestClip($input: ClipInput!) {
  requestClip(input: $input) { clip { id downloadUrl state sizeBytes fragmentCount } issues { code severity message } }
}`

export async function query(gatewayUrl, text, variables) {
  const response = await post(`${gatewayUrl}/graphql`, JSON.stringify({ query: text, variables }))
  const { data, errors } = await json(response)
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    request(url, { method: 'POST', agent, headers }, resolve).once('error', reject).end(body)
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

export async function requestClip(gatewayUrl, input) {
  const { requestClip: answer } = await query(gatewayUrl, REQUEST_CLIP, { input })
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
