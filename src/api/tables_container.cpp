// The field tables of container.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/container.hpp"

namespace podctl::api {

PODCTL_TYPE(ContainerPort, PODCTL_FIELD(name), PODCTL_FIELD(hostPort).zero_absent(),
            PODCTL_FIELD(containerPort).need(), PODCTL_FIELD(protocol).one_of(enums::kProtocol),
            PODCTL_FIELD(hostIP))

PODCTL_TYPE(ConfigMapEnvSource, PODCTL_FIELD(name), PODCTL_FIELD(optional))

PODCTL_TYPE(SecretEnvSource, PODCTL_FIELD(name), PODCTL_FIELD(optional))

PODCTL_TYPE(EnvFromSource, PODCTL_FIELD(prefix), PODCTL_FIELD(configMapRef),
            PODCTL_FIELD(secretRef))

PODCTL_TYPE(ConfigMapKeySelector, PODCTL_FIELD(name), PODCTL_FIELD(key).need(),
            PODCTL_FIELD(optional))

PODCTL_TYPE(SecretKeySelector, PODCTL_FIELD(name), PODCTL_FIELD(key).need(), PODCTL_FIELD(optional))

PODCTL_TYPE(FileKeySelector, PODCTL_FIELD(volumeName).need(), PODCTL_FIELD(path).need(),
            PODCTL_FIELD(key).need(), PODCTL_FIELD(optional))

PODCTL_TYPE(EnvVarSource, PODCTL_FIELD(fieldRef), PODCTL_FIELD(resourceFieldRef),
            PODCTL_FIELD(configMapKeyRef), PODCTL_FIELD(secretKeyRef),
            PODCTL_FIELD(fileKeyRef).gate("EnvFiles"))

PODCTL_TYPE(EnvVar, PODCTL_FIELD(name).need(), PODCTL_FIELD(value), PODCTL_FIELD(valueFrom))

PODCTL_TYPE(ContainerResizePolicy, PODCTL_FIELD(resourceName).need(),
            PODCTL_FIELD(restartPolicy).need().one_of(enums::kResourceResizeRestartPolicy))

PODCTL_TYPE(ContainerRestartRuleOnExitCodes,
            PODCTL_FIELD_NAMED(operator_, "operator")
                .one_of(enums::kContainerRestartRuleOnExitCodesOperator),
            PODCTL_FIELD(values))

PODCTL_TYPE(ContainerRestartRule, PODCTL_FIELD(action).one_of(enums::kContainerRestartRuleAction),
            PODCTL_FIELD(exitCodes))

PODCTL_TYPE(VolumeMount, PODCTL_FIELD(name).need(), PODCTL_FIELD(readOnly).zero_absent(),
            PODCTL_FIELD(recursiveReadOnly).one_of(enums::kRecursiveReadOnlyMode),
            PODCTL_FIELD(mountPath).need(), PODCTL_FIELD(subPath),
            PODCTL_FIELD(mountPropagation).one_of(enums::kMountPropagationMode),
            PODCTL_FIELD(subPathExpr),
            PODCTL_FIELD(bindMountOptions).gate("VolumeBindMountOptions"))

PODCTL_TYPE(VolumeDevice, PODCTL_FIELD(name).need(), PODCTL_FIELD(devicePath).need())

PODCTL_TYPE(ExecAction, PODCTL_FIELD(command))

PODCTL_TYPE(HTTPHeader, PODCTL_FIELD(name).need(), PODCTL_FIELD(value).need())

PODCTL_TYPE(HTTPGetAction, PODCTL_FIELD(path), PODCTL_FIELD(port).need(), PODCTL_FIELD(host),
            PODCTL_FIELD(scheme).one_of(enums::kURIScheme), PODCTL_FIELD(httpHeaders),
            PODCTL_FIELD(protocol).one_of(enums::kHTTPProtocol).gate("H2CContainerProbe"))

PODCTL_TYPE(TCPSocketAction, PODCTL_FIELD(port).need(), PODCTL_FIELD(host))

PODCTL_TYPE(GRPCAction, PODCTL_FIELD(port).need(), PODCTL_FIELD(service).shown(),
            PODCTL_FIELD(mode).one_of(enums::kGRPCProbeMode).gate("GRPCContainerProbeTLS"))

PODCTL_TYPE(Probe, PODCTL_FIELD(exec), PODCTL_FIELD(httpGet), PODCTL_FIELD(tcpSocket),
            PODCTL_FIELD(grpc), PODCTL_FIELD(initialDelaySeconds).zero_absent(),
            PODCTL_FIELD(timeoutSeconds).zero_absent(), PODCTL_FIELD(periodSeconds).zero_absent(),
            PODCTL_FIELD(successThreshold).zero_absent(),
            PODCTL_FIELD(failureThreshold).zero_absent(),
            PODCTL_FIELD(terminationGracePeriodSeconds))

PODCTL_TYPE(SleepAction, PODCTL_FIELD(seconds).need())

PODCTL_TYPE(LifecycleHandler, PODCTL_FIELD(exec), PODCTL_FIELD(httpGet),
            PODCTL_FIELD(tcpSocket).old(), PODCTL_FIELD(sleep))

PODCTL_TYPE(Lifecycle, PODCTL_FIELD(postStart), PODCTL_FIELD(preStop),
            PODCTL_FIELD(stopSignal).one_of(enums::kSignal))

// The fields that both kinds of container have.
#define PODCTL_CONTAINER_FIELDS                                                                \
  PODCTL_FIELD(name).need(), PODCTL_FIELD(image), PODCTL_FIELD(command), PODCTL_FIELD(args),   \
      PODCTL_FIELD(workingDir), PODCTL_FIELD(ports).keyed("containerPort,protocol"),           \
      PODCTL_FIELD(envFrom), PODCTL_FIELD(env).keyed("name"), PODCTL_FIELD(resources).shown(), \
      PODCTL_FIELD(resizePolicy).gate("InPlacePodVerticalScaling"),                            \
      PODCTL_FIELD(restartPolicy).one_of(enums::kContainerRestartPolicy),                      \
      PODCTL_FIELD(restartPolicyRules).gate("ContainerRestartRules"),                          \
      PODCTL_FIELD(volumeMounts).keyed("mountPath"),                                           \
      PODCTL_FIELD(volumeDevices).keyed("devicePath"), PODCTL_FIELD(livenessProbe),            \
      PODCTL_FIELD(readinessProbe), PODCTL_FIELD(startupProbe), PODCTL_FIELD(lifecycle),       \
      PODCTL_FIELD(terminationMessagePath),                                                    \
      PODCTL_FIELD(terminationMessagePolicy).one_of(enums::kTerminationMessagePolicy),         \
      PODCTL_FIELD(imagePullPolicy).one_of(enums::kPullPolicy), PODCTL_FIELD(securityContext), \
      PODCTL_FIELD(stdin).zero_absent(), PODCTL_FIELD(stdinOnce).zero_absent(),                \
      PODCTL_FIELD(tty).zero_absent()

PODCTL_TYPE(Container, PODCTL_CONTAINER_FIELDS)

PODCTL_TYPE(EphemeralContainer, PODCTL_CONTAINER_FIELDS, PODCTL_FIELD(targetContainerName))

#undef PODCTL_CONTAINER_FIELDS

}  // namespace podctl::api
