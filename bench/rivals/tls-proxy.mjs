// A proxy that terminates TLS in front of the embedded KVS, with a certificate of its own authority.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Creates `cert.pem` and `key.pem` for 127.0.0.1 with openssl. */
export async function createCertificate(folder) {
  await mkdir(folder, { recursive: true })
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await promisify(execFile)('openssl', ['req', '-x509', '-days', '2', ...algorithm, ...subject, '-keyout', key, '-out', cert])
  return { cert, key }
}

/** The embedded KVS names its data endpoint by the Host header and `x-forwarded-proto`. */
function forward(upstream, agent) {
  return (incoming, response) => {
    const { method, url, headers } = incoming
    const { hostname, port } = upstream
    const options = { hostname, port, agent, method, path: url, headers: { ...headers, 'x-forwarded-proto': 'https' } }
    const outgoing = request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    outgoing.once('error', () => response.destroy())
    response.once('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kvsUrl, cert, key] = process.argv.slice(2)
  const agent = new Agent({ keepAlive: true })
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, forward(new URL(kvsUrl), agent))
  server.listen(0, '127.0.0.1', () => console.log(`https://127.0.0.1:${server.address().port}`))
  process.once('SIGTERM', () => {
    server.close()
    server.closeAllConnections()
    agent.destroy()
  })
}
