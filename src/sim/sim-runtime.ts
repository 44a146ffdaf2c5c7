/**
 * A simulated world: hosts with disks and clocks, processes on them, a network between them, and the faults
 * that befall them. Nothing in it depends on anything but the seed and the calls made.
 *
 *   const world = new SimWorld(7);
 *   const node = startNode(world.runtime("a"));       production code, none the wiser
 *   await world.runFor(1_000);
 *   world.crash("a");                                 what was not synced is lost
 *   const again = startNode(world.runtime("a"));      boots, with the same disk
 */
import { assert } from "../base/assert.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { faultOptions, type Hosts, qualityOptions, sides, span } from "./deed-words.ts";
import type { DiskFaults } from "./disk-trouble.ts";
import { HostTime } from "./host-time.ts";
import { Life } from "./life.ts";
import { Scheduler } from "./scheduler.ts";
import { SimBackground } from "./sim-background.ts";
import { SimClock } from "./sim-clock.ts";
import { type DiskBackup, SimDisk } from "./sim-disk.ts";
import { SimHost } from "./sim-host.ts";
import type { Latency, LinkQuality } from "./sim-link.ts";
import { SimLinks } from "./sim-links.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimRandom } from "./sim-random.ts";

export interface SimWorldOptions {
  /** Told of everything that happens, one line each: two runs with one seed tell the same. */
  readonly trace?: (line: string) => void;
  /** Told of every fault and its end, as a scenario would say it: ["clock", "n1", "jumps", "5000ms"]. */
  readonly onDeed?: (words: readonly string[]) => void;
}

interface Machine {
  readonly name: string;
  readonly machineId: string;
  readonly disk: SimDisk;
  readonly time: HostTime;
  lives: number;
  running: { readonly life: Life; readonly runtime: Runtime } | undefined;
}

export class SimWorld {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;
  readonly #random: SimRandom;
  readonly #machines = new Map<string, Machine>();
  readonly #backups = new Map<string, DiskBackup>();
  readonly #trace: SimWorldOptions["trace"];
  readonly #onDeed: SimWorldOptions["onDeed"];

  constructor(seed: number | string, { trace, onDeed }: SimWorldOptions = {}) {
    this.#random = new SimRandom(String(seed));
    this.#trace = trace;
    this.#onDeed = onDeed;
    const links = new SimLinks(this.scheduler, this.#random.fork("links"));
    const note = (what: string, bytes?: Uint8Array): void => this.#note(what, bytes);
    this.network = new SimNetwork(links, this.#random.fork("network"), trace && note);
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /**
   * The runtime of the process that runs on the host; after a kill or crash, of a new one. Hosts with one
   * `machineId` (default: the host's name) pretend to be one machine, though each has its own disk.
   */
  runtime(hostName: string, { machineId = hostName }: { readonly machineId?: string } = {}): Runtime {
    const machine = this.#machines.get(hostName) ?? this.#build(hostName, machineId);
    machine.running ??= this.#boot(machine);
    return machine.running.runtime;
  }

  disk(hostName: string): SimDisk {
    return this.#machine(hostName).disk;
  }

  /** A stream of chance for the scenario itself, apart from all others. */
  random(label: string): SimRandom {
    return this.#random.fork(`scenario/${label}`);
  }

  /** Lets virtual time pass. Rejects if an event throws. */
  runFor(ms: number): Promise<void> {
    return this.scheduler.runUntil(this.nowMs + ms);
  }

  /** Lets virtual time pass until the promise is settled, and settles alike. */
  runUntil<T>(promise: Promise<T>, patienceMs?: number): Promise<T> {
    return this.scheduler.runUntilSettled(promise, patienceMs);
  }

  /** As `kill -9`: the system lives on, keeps what was written and closes the connections. */
  kill(hostName: string): void {
    this.#deed("kill", hostName);
    this.#stop(hostName, { told: true });
  }

  /** The power fails: the disk forgets what was not synced; nobody is told; nothing reaches the host. */
  crash(hostName: string): void {
    this.#deed("crash", hostName);
    this.#stop(hostName, { told: false });
    this.network.links.setPower(hostName, false);
    this.#machine(hostName).disk.crash();
  }

  /** The process stands still for so long, as under SIGSTOP; what it is sent waits for it. */
  pause(hostName: string, forMs: number): void {
    this.#deed("pause", hostName, span(forMs));
    this.#machine(hostName).running?.life.pauseUntil(this.nowMs + forMs);
  }

  /** The process is killed, and its disk replaced by an empty one. */
  wipe(hostName: string): void {
    this.#deed("wipe", hostName);
    this.#stop(hostName, { told: true });
    this.#machine(hostName).disk.wipe();
  }

  /** What the disk has now is copied to another place. */
  backUp(hostName: string): void {
    this.#deed("backup", hostName);
    this.#backups.set(hostName, this.#machine(hostName).disk.backUp());
  }

  /** Its disk is replaced by one with the files of the last backup. Requires: no process runs there. */
  restore(hostName: string): void {
    this.#deed("restore", hostName);
    const backup = this.#backups.get(hostName);
    assert(backup !== undefined, `there is no backup of ${hostName}`);
    assert(this.#machine(hostName).running === undefined, `${hostName} runs`);
    this.#machine(hostName).disk.restore(backup);
  }

  /** Every step of the disk takes so many times as long. */
  slowDisk(hostName: string, times: number): void {
    this.#deed("disk", hostName, "slow", `${times}`);
    this.#machine(hostName).disk.trouble.slowTimes = times;
  }

  /** The disk stands still; what is asked of it meanwhile begins when it goes on. */
  hangDisk(hostName: string, forMs: number): void {
    this.#deed("disk", hostName, "hangs", span(forMs));
    this.#machine(hostName).disk.trouble.hangsUntilMs = this.nowMs + forMs;
  }

  /** The disk has room for so many more bytes, and refuses others with ENOSPC. */
  fillDisk(hostName: string, roomBytes = 0): void {
    this.#deed("disk", hostName, "full", `${roomBytes}`);
    const { disk } = this.#machine(hostName);
    disk.capacityBytes = disk.usedBytes + roomBytes;
  }

  /** Steps of the disk fail, or read wrong, as often as that; those left out do not. */
  breakDisk(hostName: string, faults: DiskFaults): void {
    this.#deed("disk", hostName, "fails", ...faultOptions(faults));
    this.#machine(hostName).disk.trouble.faults = faults;
  }

  /** One bit of one file that is meant is wrong from now on. */
  rotDisk(hostName: string, isMeant?: (path: string) => boolean): void {
    const path = this.#machine(hostName).disk.rot(isMeant);
    if (path !== undefined) this.#deed("disk", hostName, "rots", path);
  }

  /** Ends all trouble of the disk and gives it room; what rotted stays so. */
  mendDisk(hostName: string): void {
    this.#deed("disk", hostName, "mended");
    this.#machine(hostName).disk.mend();
  }

  jumpClock(hostName: string, byMs: number): void {
    this.#deed("clock", hostName, "jumps", span(byMs));
    this.#machine(hostName).time.jump(byMs);
  }

  /** Sets the host's wall clock to true time and so much more. */
  setClockSkew(hostName: string, aheadMs: number): void {
    this.#deed("clock", hostName, "ahead", span(aheadMs));
    this.#machine(hostName).time.setSkew(aheadMs);
  }

  /** All clocks and timers of the host run so many millionths fast from now on; slow, if negative. */
  setClockDrift(hostName: string, ppm: number): void {
    this.#deed("clock", hostName, "drifts", `${ppm}`);
    this.#machine(hostName).time.setDrift(ppm);
  }

  /** Nothing passes between any of `some` and any of `others` until `heal`. */
  partition(some: Hosts, others: Hosts): void {
    this.#deed("partition", ...sides(some, others));
    this.#bar(some, others);
    this.#bar(others, some);
  }

  partitionOneWay(from: Hosts, to: Hosts): void {
    this.#deed("one-way", ...sides(from, to));
    this.#bar(from, to);
  }

  /** Ends what `partition` with the same arguments began, and what other partitions it overlaps. */
  unpartition(some: Hosts, others: Hosts): void {
    this.#deed("unpartition", ...sides(some, others));
    for (const a of [some].flat()) {
      for (const b of [others].flat()) {
        this.network.links.unbar(a, b);
        this.network.links.unbar(b, a);
      }
    }
  }

  /** Ends every partition; what was under way is sent again. */
  heal(): void {
    this.#deed("heal");
    this.network.links.unbarAll();
  }

  /** Breaks the connections between two hosts; they may connect again at once. */
  dropConnections(a: string, b: string): void {
    this.#deed("cut", a, b);
    this.network.reset(a, b);
  }

  /** The system of host `a` breaks its connections with `b`, which does not hear of it before it sends something. */
  forgetConnections(a: string, b: string): void {
    this.#deed("forget", a, b);
    this.network.forget(a, b);
  }

  /** Present connections between the two carry nothing any more, though new ones would; nobody is told. */
  muteConnections(a: string, b: string): void {
    this.#deed("mute", a, b);
    this.network.mute(a, b);
  }

  setLatency(a: string, b: string, latency: Latency): void {
    this.setLink(a, b, { latency });
    this.setLink(b, a, { latency });
  }

  /** Latency, loss and speed of the way from one host to another, that way only. */
  setLink(from: string, to: string, quality: LinkQuality): void {
    this.#deed("link", from, to, ...qualityOptions(quality));
    this.network.links.between(from, to).set(quality);
  }

  /** Ends all losses and slowness of links. */
  mendLinks(): void {
    this.#deed("mend-links");
    this.network.links.mendAll();
  }

  /** Puts a host into a datacenter, or another group of hosts that are equally far from others. */
  place(hostName: string, group: string): void {
    this.network.links.place(hostName, group);
  }

  /** Between any host of the one group and any of the other, both ways, where no link has its own; also within one. */
  setGroupLatency(a: string, b: string, latency: Latency): void {
    this.network.links.setGroupLatency(a, b, latency);
    this.network.links.setGroupLatency(b, a, latency);
  }

  #bar(from: Hosts, to: Hosts): void {
    for (const a of [from].flat()) for (const b of [to].flat()) this.network.links.bar(a, b);
  }

  #build(name: string, machineId: string): Machine {
    const disk = new SimDisk(this.#random.fork(`${name}/disk`));
    const machine = {
      name,
      machineId,
      disk,
      time: new HostTime(this.scheduler),
      lives: 0,
      running: undefined,
    };
    this.#machines.set(name, machine);
    return machine;
  }

  #boot(machine: Machine): NonNullable<Machine["running"]> {
    const { name, machineId, disk, time } = machine;
    const life = new Life(this.scheduler);
    const processId = ++machine.lives;
    this.#note(`${name} boots, life ${processId}`);
    this.network.links.setPower(name, true);
    const clock = new SimClock(life, time);
    const files = disk.attach(life);
    const threads = this.#random.fork(`${name}/life ${processId}/threads`);
    const network = this.network.attach(name, life);
    const runtime = {
      clock,
      disk: files,
      background: new SimBackground(life, threads, { clock, disk: files, network }),
      network,
      random: this.#random.fork(`${name}/life ${processId}`),
      host: new SimHost({ machineId, processId, life }),
    };
    return { life, runtime };
  }

  #stop(hostName: string, { told }: { readonly told: boolean }): void {
    const machine = this.#machine(hostName);
    if (machine.running === undefined) return;
    const { life } = machine.running;
    machine.running = undefined;
    life.end();
    this.network.detach(life, { told });
  }

  #machine(hostName: string): Machine {
    const machine = this.#machines.get(hostName);
    assert(machine !== undefined, `there is no host ${hostName}`);
    return machine;
  }

  #deed(...words: readonly string[]): void {
    this.#onDeed?.(words);
    if (this.#trace !== undefined) this.#note(words.join(" "));
  }

  #note(what: string, bytes?: Uint8Array): void {
    if (this.#trace === undefined) return;
    const about = bytes === undefined ? "" : ` ${bytes.length} #${checksum(bytes).toString(16)}`;
    this.#trace(`${this.nowMs} ${what}${about}`);
  }
}

/** FNV-1a, to tell traces apart. */
function checksum(bytes: Uint8Array): number {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  return state >>> 0;
}
