// The REST interface against its own description: whatever a client sends, each answer is one that is described.

import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Person } from './harness/person.js'
import { Server } from './harness/server.js'

const TOOL = fileURLToPath(new URL('../../.tools/schemathesis/bin/schemathesis', import.meta.url))

/** How long it may try, in seconds: `MOIM_DESCRIPTION_SECONDS=600` for longer. */
const SECONDS = Number(process.env.MOIM_DESCRIPTION_SECONDS ?? 60)
const SEED = process.env.MOIM_DESCRIPTION_SEED ?? String(Date.now() % 1_000_000)

/** What it judges. A description can't say which titles hold nothing but blanks, so what it takes for valid may be refused. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth'
]

/** Ids of what there is, so that what is tried gets beyond "not found". */
async function whatIsThere (server, mina) {
  const jun = await Person.signUp(server, 'Jun')
  const trip = await mina.createTrip({ sample: 'jeju' })
  await mina.share(trip, jun, 'editor')
  const version = (await mina.call('POST', `/documents/${trip}/versions`, { name: 'v1' })).id
  const invite = await mina.call('POST', `/trips/${trip}/invites`, { role: 'viewer' })
  return `
# It would take what an error says of one body for a rule of every body.
[phases.fuzzing.error-feedback]
enabled = false

[parameters]
"path.id" = "${trip}"
"path.user" = "${jun.id}"
"path.invite" = "${invite.id}"
"path.token" = "${invite.token}"

[[operations]]
include-path-regex = "^/api/v1/versions/"
parameters = { "path.id" = "${version}" }
`
}

test('every answer is described, and none is a failure of the server', { timeout: (SECONDS + 120) * 1000 }, async (t) => {
  const server = await Server.start()
  t.after(() => server.stop())
  const mina = await Person.signUp(server, 'Mina')
  const config = join(server.folder, 'schemathesis.toml')
  await writeFile(config, await whatIsThere(server, mina))
  const tool = spawn(TOOL, [
    '--config-file', config,
    'run', `${server.http}/api/openapi.json`,
    '--header', `Authorization: Bearer ${mina.access}`,
    '--checks', CHECKS.join(','),
    '--phases', 'examples,coverage,fuzzing',
    '--max-time', String(SECONDS),
    '--seed', SEED,
    '--request-timeout', '30',
    '--continue-on-failure',
    '--no-color'
  ])
  let said = ''
  for (const stream of [tool.stdout, tool.stderr]) stream.on('data', (data) => { said += data })
  const [code] = await once(tool, 'exit')
  assert.equal(code, 0, `MOIM_DESCRIPTION_SEED=${SEED}\n${said}`)
})
