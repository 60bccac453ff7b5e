// Requests to the embedded KVS in its wire's own form, without the SDK's cost; and footage brought in through PutMedia.
import { request } from 'node:http'

export async function callKvs(kvsUrl, path, body) {
  const response = await fetch(`${kvsUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

export function createStream(kvsUrl, name, hours = 48) {
  return callKvs(kvsUrl, '/createStream', { StreamName: name, DataRetentionInHours: hours })
}

/** What `download` needs for a clip by producer time. */
export function clipRequest(kvsUrl, stream, { startMs, endMs }) {
  const body = JSON.stringify({
    StreamName: stream,
    ClipFragmentSelector: {
      FragmentSelectorType: 'PRODUCER_TIMESTAMP',
      TimestampRange: { StartTimestamp: startMs / 1000, EndTimestamp: endMs / 1000 },
    },
  })
  return [`${kvsUrl}/getClip`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }]
}

/** One counter of GET /metrics; 0 when it is not there. */
export async function readMetric(baseUrl, name) {
  const text = await (await fetch(`${baseUrl}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map((match) => Number(match[1]))
  return values.reduce((sum, value) => sum + value, 0)
}

/** A PutMedia call. `send` resolves when the bytes are with the kernel; `finish` when every fragment is acknowledged as PERSISTED. */
export function openUpload(kvsUrl, stream, { startMs, onPersisted = () => {} }) {
  const call = request(`${kvsUrl}/putMedia`, {
    method: 'POST',
    headers: {
      'x-amzn-stream-name': stream,
      'x-amzn-fragment-timecode-type': 'RELATIVE',
      'x-amzn-producer-start-timestamp': String(startMs / 1000),
      'transfer-encoding': 'chunked',
    },
  })
  const over = new Promise((resolve, reject) => {
    call.once('error', reject)
    call.once('response', (response) => readAcknowledgements(response, onPersisted).then(resolve, reject))
  })
  over.catch(() => {})
  return {
    async send(buffers) {
      for (const buffer of buffers)
        if (!call.write(buffer)) await Promise.race([new Promise((resolve) => call.once('drain', resolve)), over])
    },
    async finish() {
      call.end()
      await over
    },
  }
}

async function readAcknowledgements(response, onPersisted) {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const acknowledgement = JSON.parse(line)
      if (acknowledgement.EventType === 'ERROR') throw new Error(`an upload was refused: ${line}`)
      if (acknowledgement.EventType === 'PERSISTED') onPersisted(acknowledgement)
    }
  }
  if (response.statusCode !== 200) throw new Error(`PutMedia answered ${response.statusCode}`)
}

/** Brings in `count` fragments, the first at `startMs` of producer time. */
export async function uploadFootage(kvsUrl, stream, { footage, count, startMs }) {
  const upload = openUpload(kvsUrl, stream, { startMs })
  await upload.send([footage.header])
  for (let n = 0; n < count; n += 1) await upload.send(footage.fragment(n))
  await upload.finish()
}
