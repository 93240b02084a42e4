// Real processes on free ports that end with the test, also when it is killed: a shell holds each and watches a pipe.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { connect } from 'node:net'

import { until } from '../harness/wait.js'

/** Ends the process as soon as nobody holds the other end of the pipe. */
const WATCH = `
signal=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
process=$!
(read -r word <&3; kill -s "$signal" $process) 2>/dev/null &
wait $process
`

export class Process {
  /** Starts a command whose output is added to a file. */
  static async start (command, { log, env = {}, signal = 'KILL' }) {
    const out = await open(log, 'a')
    const shell = spawn('sh', ['-c', WATCH, 'sh', signal, ...command], {
      stdio: ['pipe', out.fd, out.fd],
      env: { ...process.env, ...env }
    })
    await out.close()
    return new Process(shell, command[0], log)
  }

  constructor (shell, name, log) {
    Object.assign(this, { shell, name, log, isWanted: true })
    this.exit = once(shell, 'exit')
  }

  /** Waits until a condition holds, and fails at once if the process ends before. */
  async until (what, condition) {
    await until(what, async () => {
      if (this.shell.exitCode !== null) {
        throw new Error(`${this.name} ended by itself:\n${await readFile(this.log, 'utf8')}`)
      }
      return condition()
    }, 60_000)
  }

  /** Sends it its signal, `kill -9` if it has no other, and waits for its end. */
  async kill () {
    this.isWanted = false
    this.shell.stdin.end()
    await this.exit
  }

  get endedByItself () {
    return this.isWanted && this.shell.exitCode !== null
  }
}

/** Whether somebody listens there. */
export async function takesConnections (port) {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
