import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fastify, { type FastifyInstance } from 'fastify'
import { answerGraphqlError, answerProblem } from '../../src/http/error-handler.js'

/** As Node reports it for a file or a socket. */
const EMFILE = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })

let error: unknown
let app: FastifyInstance
beforeEach(() => {
  app = fastify()
  app.setErrorHandler(answerProblem)
  app.get('/', () => Promise.reject(error))
  app.register(async (graphql) => {
    graphql.setErrorHandler(answerGraphqlError)
    graphql.get('/graphql', () => Promise.reject(error))
  })
})
afterEach(() => app.close())

describe('a request that fails because the process has no free descriptor', () => {
  test.each([
    ['the error of Node', EMFILE],
    ['an error that was caused by it', new Error('the store cannot be read', { cause: EMFILE })],
    ['the error of the system table', Object.assign(new Error('ENFILE: file table overflow'), { code: 'ENFILE' })],
  ])('is answered 503 with Retry-After (%s)', async (_name, thrown) => {
    error = thrown
    const response = await app.inject('/')
    expect(response.statusCode).toBe(503)
    expect(response.headers).toMatchObject({ 'retry-after': '1', 'content-type': 'application/problem+json' })
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      code: 'INTERNAL_SERVER_ERROR',
      detail: 'The gateway has too many files and connections open. Send the request again later.',
    })
  })

  test('is answered 503 in the form of GraphQL on /graphql', async () => {
    error = EMFILE
    const response = await app.inject('/graphql')
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.json()).toEqual({
      errors: [
        {
          message: 'The gateway has too many files and connections open. Send the request again later.',
          extensions: { code: 'INTERNAL_SERVER_ERROR', retryAfterMs: 1000 },
        },
      ],
    })
  })

  test('reveals nothing of another fault, which is answered 500', async () => {
    error = Object.assign(new Error('EACCES: permission denied, open /secret'), { code: 'EACCES' })
    const response = await app.inject('/')
    expect(response.statusCode).toBe(500)
    expect(response.headers['retry-after']).toBeUndefined()
    expect(response.body).not.toContain('secret')
  })
})
