// What a user of the gateway sends.
const REQUEST_CLIP = `mutation RequestClip($input: ClipInput!) {
  requestClip(input: $input) { clip { id downloadUrl state sizeBytes fragmentCount } issues { code severity message } }
}`

export async function query(gatewayUrl, text, variables) {
  const response = await fetch(`${gatewayUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text, variables }),
  })
  const { data, errors } = await response.json()
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
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
