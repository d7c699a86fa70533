// What of the security table only Node can make:
//   node security.cjs pattern FOLDER      CDK's load-balanced Fargate service, as its pattern makes it, into FOLDER
//   node security.cjs nag SUBJECTS.json   cdk-nag over {name: [template files]}: prints {name: {pack: [rules]}}
"use strict";
const fs = require("fs");
const path = require("path");
const cdk = require("aws-cdk-lib");

function pattern(outdir) {
  const ec2 = require("aws-cdk-lib/aws-ec2");
  const ecs = require("aws-cdk-lib/aws-ecs");
  const { ApplicationLoadBalancedFargateService } = require("aws-cdk-lib/aws-ecs-patterns");
  const app = new cdk.App({ outdir, analyticsReporting: false });
  const stack = new cdk.Stack(app, "Pattern");
  const vpc = new ec2.Vpc(stack, "Net", { maxAzs: 2 });
  const image = ecs.ContainerImage.fromRegistry("public.ecr.aws/nginx/nginx:1.29");
  const cluster = new ecs.Cluster(stack, "Main", { vpc });
  new ApplicationLoadBalancedFargateService(stack, "Web", { cluster, taskImageOptions: { image } });
  app.synth();
}

function judged(files, folder) {
  const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
  const { AwsSolutionsChecks, NIST80053R5Checks } = require("cdk-nag");
  const app = new cdk.App({ outdir: folder, analyticsReporting: false });
  files.forEach((templateFile, place) => {
    // the default synthesizer adds a parameter of its own
    const stack = new cdk.Stack(app, `Stack${place}`, { synthesizer: new cdk.LegacyStackSynthesizer() });
    new CfnInclude(stack, "Included", { templateFile });
  });
  for (const Pack of [AwsSolutionsChecks, NIST80053R5Checks]) cdk.Validations.of(app).addPlugins(new Pack(app));
  try {
    app.synth();
  } catch (error) {
    // the words are in the message, or in the stack before it
    if (!/validation ?failed/i.test(`${error.message} ${error.stack}`)) throw error;
  }
  // a pack that objects to nothing is not in the report, and no report is written when none objects
  const found = { AwsSolutions: [], "NIST.800.53.R5": [] };
  const report = path.join(folder, "validation-report.json");
  const plugins = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")).pluginReports : [];
  for (const one of plugins) found[one.pluginName] = [...new Set(one.violations.map((rule) => rule.ruleName))].sort();
  return found;
}

const [mode, argument] = process.argv.slice(2);
if (mode === "pattern") {
  pattern(argument);
} else {
  const subjects = JSON.parse(fs.readFileSync(argument, "utf8"));
  const found = {};
  for (const [name, files] of Object.entries(subjects)) {
    found[name] = judged(files, fs.mkdtempSync(path.join(path.dirname(argument), "nag-")));
  }
  console.log(JSON.stringify(found));
}
