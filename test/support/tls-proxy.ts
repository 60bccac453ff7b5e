import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { pipeline } from 'node:stream/promises'

/** The certificate is self-signed: set NODE_EXTRA_CA_CERTS to this file to trust it. */
export const TLS_CERTIFICATE = 'test/fixtures/tls/cert.pem'

export interface TlsProxy extends AsyncDisposable {
  readonly url: string
}

/** HTTPS in front of an HTTP server, which learns the scheme from `x-forwarded-proto`. */
export async function startTlsProxy(target: string): Promise<TlsProxy> {
  const options = { cert: readFileSync(TLS_CERTIFICATE), key: readFileSync('test/fixtures/tls/key.pem') }
  const server = createServer(options, async (call, answer) => {
    const headers = { ...call.headers, 'x-forwarded-proto': 'https' }
    const forwarded = request(new URL(call.url ?? '/', target), { method: call.method, headers })
    forwarded.on('error', () => answer.destroy())
    forwarded.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      pipeline(response, answer).catch(() => answer.destroy())
    })
    await pipeline(call, forwarded).catch(() => forwarded.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port')
  return {
    url: `https://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
