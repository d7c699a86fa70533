// What AWS CDK says of the wrong specs of refused.py: one stack each, made by its own constructs as a user would.
// Prints a JSON object: rule -> "" (nothing), "warning", or "error" (an exception, or an error at synth). A warning
// that a right service has as well does not count; those of its engine, which deploys all the same, do.
const fs = require('fs');
const path = require('path');
const cdk = require('aws-cdk-lib');
const ecs = require('aws-cdk-lib/aws-ecs');
const ec2 = require('aws-cdk-lib/aws-ec2');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');

const image = ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:1.29');
const windows = { operatingSystemFamily: ecs.OperatingSystemFamily.WINDOWS_SERVER_2022_CORE, cpuArchitecture: ecs.CpuArchitecture.X86_64 };
const task = (stack, props = {}) => new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 256, memoryLimitMiB: 512, ...props });
const add = (definition, name, props = {}) => definition.addContainer(name, { image, ...props });
const one = (props, definition = {}) => (stack) => { add(task(stack, definition), 'app', props); };
const two = (first, second, link = () => undefined) => (stack) => {
  const definition = task(stack);
  link(add(definition, 'app', first), add(definition, 'side', second), definition);
};
const waits = (condition) => (app, side) => app.addContainerDependencies({ container: side, condition: ecs.ContainerDependencyCondition[condition] });
const check = { command: ['CMD-SHELL', 'true'] };

function service(stack, props = {}, definition = {}, container = {}) {
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const cluster = new ecs.Cluster(stack, 'Main', { vpc, enableFargateCapacityProviders: props.spot !== undefined });
  const made = task(stack, definition);
  add(made, 'app', { portMappings: [{ containerPort: 80 }], ...container });
  const { spot, ...rest } = props;
  const more = spot ? { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] } : {};
  return new ecs.FargateService(stack, 'Web', { cluster, taskDefinition: made, minHealthyPercent: 50, ...more, ...rest });
}

function listener(stack, web) {
  const door = new elb.ApplicationLoadBalancer(stack, 'Door', { vpc: web.cluster.vpc });
  return door.addListener('Http', { port: 80, defaultAction: elb.ListenerAction.fixedResponse(404) });
}

const SPECS = {
  FS201: one({}, { memoryLimitMiB: 4096 }),
  FS202: one({}, { runtimePlatform: windows }),
  FS203: one({ user: 'app' }, { runtimePlatform: windows, cpu: 1024, memoryLimitMiB: 2048 }),
  FS204: one({ memoryLimitMiB: 1024 }),
  FS205: two({ cpu: 200 }, { cpu: 100 }),
  FS206: one({}, { ephemeralStorageGiB: 20 }),
  FS207: one({}, { pidMode: ecs.PidMode.HOST, runtimePlatform: { operatingSystemFamily: ecs.OperatingSystemFamily.LINUX } }),
  FS209: one({}, { volumes: [{ name: 'data', host: { sourcePath: '/var/data' } }] }),
  FS210: (stack) => add(task(stack), 'app').addMountPoints({ containerPath: '/data', sourceVolume: 'data', readOnly: false }),
  FS212: two({}, {}, waits('HEALTHY')),
  FS213: two({}, {}, waits('SUCCESS')),
  FS214: two({}, {}, (app, side) => { waits('START')(app, side); waits('START')(side, app); }),
  FS215: one({ essential: false }),
  FS216: (stack) => { const definition = task(stack); for (let n = 0; n < 11; n++) add(definition, `c${n}`); },
  FS217: two({ portMappings: [{ containerPort: 80 }] }, { portMappings: [{ containerPort: 80 }] }),
  FS220: one({}, { volumes: [{ name: 'a', configuredAtLaunch: true }, { name: 'b', configuredAtLaunch: true }] }),
  FS240: one({ privileged: true }),
  FS241: (stack) => {
    const linuxParameters = new ecs.LinuxParameters(stack, 'Linux');
    linuxParameters.addCapabilities(ecs.Capability.NET_ADMIN);
    add(task(stack), 'app', { linuxParameters });
  },
  FS242: one({ dnsServers: ['10.0.0.2'], extraHosts: { db: '10.0.0.1' }, hostname: 'web', disableNetworking: true }),
  FS243: one({ stopTimeout: cdk.Duration.seconds(300) }),
  FS246: one({ portMappings: [{ containerPort: 80, hostPort: 8080 }] }),
  FS247: one({ logging: ecs.LogDrivers.jsonFile() }),
  FS251: one({ healthCheck: { command: ['/bin/health'] } }),
  FS252: one({ healthCheck: { ...check, interval: cdk.Duration.seconds(1) } }),
  FS253: one({ memoryLimitMiB: 256, memoryReservationMiB: 512 }),
  FS254: one({ environment: { 'MY NAME': '1' } }),
  FS105: (stack) => service(stack, { desiredCount: 2 }).autoScaleTaskCount({ maxCapacity: 4 }),
  FS106: (stack) => {
    const http = listener(stack, service(stack));
    for (const name of ['One', 'Two']) {
      http.addAction(name, { priority: 7, conditions: [elb.ListenerCondition.pathPatterns([`/${name}`])], action: elb.ListenerAction.fixedResponse(200) });
    }
  },
  FS111: (stack) => service(stack, { minHealthyPercent: 100, maxHealthyPercent: 100 }),
  FS306: (stack) => service(stack, { healthCheckGracePeriod: cdk.Duration.seconds(60) }),
  FS343: (stack) => service(stack, { spot: true }, { runtimePlatform: windows, cpu: 1024, memoryLimitMiB: 2048 }),
  FS404: (stack) => listener(stack, service(stack)).addAction('One', { priority: 60000, conditions: [elb.ListenerCondition.pathPatterns(['/a'])], action: elb.ListenerAction.fixedResponse(200) }),
  FS501: (stack) => service(stack).autoScaleTaskCount({ minCapacity: 4, maxCapacity: 2 }),
  FS507: (stack) => service(stack).autoScaleTaskCount({ maxCapacity: 4 }).scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 600 }),
};

function warnings(spec) {
  const app = new cdk.App({ analyticsReporting: false });
  const stack = new cdk.Stack(app, 'S');
  spec(stack);
  const messages = app.synth().getStackByName('S').messages;
  if (messages.some((one) => one.level === 'error')) throw new Error('an error at synth');
  const report = path.join(app.outdir, 'validation-report.json');
  const found = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report)).pluginReports ?? [] : [];
  fs.rmSync(app.outdir, { recursive: true });
  return [...messages.map((one) => JSON.stringify(one.entry.data)), ...found.flatMap((one) => one.violations ?? []).map((one) => one.ruleName)];
}

const usual = new Set(warnings((stack) => listener(stack, service(stack, { spot: true }))));

function said(spec) {
  try {
    const new_ = warnings(spec).filter((one) => !usual.has(one));
    return process.env.WHY ? new_.join('; ') : new_.length > 0 ? 'warning' : '';
  } catch (error) {
    return process.env.WHY ? `error: ${error.message}` : 'error';
  }
}

const found = Object.entries(SPECS).map(([rule, spec]) => [rule, said(spec)]);
fs.writeSync(1, JSON.stringify(Object.fromEntries(found), null, 1) + '\n');
