import { readdirSync, readFileSync } from 'node:fs'

import { expect } from '@playwright/test'

/** The gateway's process of the running stack: a child of the launcher, which starts it again. */
export class Gateway {
  private frozen = false

  constructor(private readonly url: string) {}

  /** Freeze it: it takes connections, and answers none. */
  freeze(): void {
    process.kill(pid(), 'SIGSTOP')
    this.frozen = true
  }

  thaw(): void {
    if (this.frozen) process.kill(pid(), 'SIGCONT')
    this.frozen = false
  }

  /** End it at once, as a crash would. The launcher starts another. */
  kill(): void {
    process.kill(pid(), 'SIGKILL')
    this.frozen = false
  }

  async untilReady(): Promise<void> {
    await expect.poll(() => this.answers(), { timeout: 45_000 }).toBe(true)
  }

  private async answers(): Promise<boolean> {
    return fetch(new URL('/ready', this.url)).then(
      (answer) => answer.ok,
      () => false,
    )
  }
}

function pid(): number {
  const launcher = process.env['STACK_PID'] ?? ''
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry) && isGateway(entry, launcher)) return Number(entry)
  }
  throw new Error(`process ${launcher} runs no gateway`)
}

function isGateway(entry: string, launcher: string): boolean {
  try {
    const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
    return parent === launcher && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('services.gateway')
  } catch {
    return false // it ended between the two looks
  }
}
