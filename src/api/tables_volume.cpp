// The field tables of volume.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/volume.hpp"

namespace podctl::api {

PODCTL_TYPE(HostPathVolumeSource, PODCTL_FIELD(path).need(),
            PODCTL_FIELD(type).one_of(enums::kHostPathType).shown())

PODCTL_TYPE(EmptyDirVolumeSource, PODCTL_FIELD(medium), PODCTL_FIELD(sizeLimit),
            PODCTL_FIELD(mode).gate("EmptyDirVolumeMode"))

PODCTL_TYPE(GCEPersistentDiskVolumeSource, PODCTL_FIELD(pdName).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(partition), PODCTL_FIELD(readOnly))

PODCTL_TYPE(AWSElasticBlockStoreVolumeSource, PODCTL_FIELD(volumeID).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(partition), PODCTL_FIELD(readOnly))

PODCTL_TYPE(GitRepoVolumeSource, PODCTL_FIELD(repository).need(), PODCTL_FIELD(revision),
            PODCTL_FIELD(directory))

PODCTL_TYPE(KeyToPath, PODCTL_FIELD(key).need(), PODCTL_FIELD(path).need(), PODCTL_FIELD(mode),
            PODCTL_FIELD(user).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(SecretVolumeSource, PODCTL_FIELD(secretName), PODCTL_FIELD(items),
            PODCTL_FIELD(defaultMode), PODCTL_FIELD(optional),
            PODCTL_FIELD(defaultUser).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(NFSVolumeSource, PODCTL_FIELD(server).need(), PODCTL_FIELD(path).need(),
            PODCTL_FIELD(readOnly).zero_absent())

PODCTL_TYPE(ISCSIVolumeSource, PODCTL_FIELD(targetPortal).need(), PODCTL_FIELD(iqn).need(),
            PODCTL_FIELD(lun).need(), PODCTL_FIELD(iscsiInterface), PODCTL_FIELD(fsType),
            PODCTL_FIELD(readOnly), PODCTL_FIELD(portals), PODCTL_FIELD(chapAuthDiscovery),
            PODCTL_FIELD(chapAuthSession), PODCTL_FIELD(secretRef), PODCTL_FIELD(initiatorName))

PODCTL_TYPE(GlusterfsVolumeSource, PODCTL_FIELD(endpoints).need(), PODCTL_FIELD(path).need(),
            PODCTL_FIELD(readOnly))

PODCTL_TYPE(PersistentVolumeClaimVolumeSource, PODCTL_FIELD(claimName).need(),
            PODCTL_FIELD(readOnly).zero_absent())

PODCTL_TYPE(RBDVolumeSource, PODCTL_FIELD(monitors).need(), PODCTL_FIELD(image).need(),
            PODCTL_FIELD(fsType), PODCTL_FIELD(pool), PODCTL_FIELD(user), PODCTL_FIELD(keyring),
            PODCTL_FIELD(secretRef), PODCTL_FIELD(readOnly))

PODCTL_TYPE(FlexVolumeSource, PODCTL_FIELD(driver).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(secretRef), PODCTL_FIELD(readOnly), PODCTL_FIELD(options))

PODCTL_TYPE(CinderVolumeSource, PODCTL_FIELD(volumeID).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(readOnly), PODCTL_FIELD(secretRef))

PODCTL_TYPE(CephFSVolumeSource, PODCTL_FIELD(monitors).need(), PODCTL_FIELD(path),
            PODCTL_FIELD(user), PODCTL_FIELD(secretFile), PODCTL_FIELD(secretRef),
            PODCTL_FIELD(readOnly))

PODCTL_TYPE(FlockerVolumeSource, PODCTL_FIELD(datasetName).old(), PODCTL_FIELD(datasetUUID))

PODCTL_TYPE(ObjectFieldSelector, PODCTL_FIELD(apiVersion), PODCTL_FIELD(fieldPath).need())

PODCTL_TYPE(ResourceFieldSelector, PODCTL_FIELD(containerName), PODCTL_FIELD(resource).need(),
            PODCTL_FIELD(divisor))

PODCTL_TYPE(DownwardAPIVolumeFile, PODCTL_FIELD(path).need(), PODCTL_FIELD(fieldRef),
            PODCTL_FIELD(resourceFieldRef), PODCTL_FIELD(mode),
            PODCTL_FIELD(user).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(DownwardAPIVolumeSource, PODCTL_FIELD(items), PODCTL_FIELD(defaultMode),
            PODCTL_FIELD(defaultUser).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(FCVolumeSource, PODCTL_FIELD(targetWWNs), PODCTL_FIELD(lun), PODCTL_FIELD(fsType),
            PODCTL_FIELD(readOnly), PODCTL_FIELD(wwids))

PODCTL_TYPE(AzureFileVolumeSource, PODCTL_FIELD(secretName).need(), PODCTL_FIELD(shareName).need(),
            PODCTL_FIELD(readOnly))

PODCTL_TYPE(ConfigMapVolumeSource, PODCTL_FIELD(name), PODCTL_FIELD(items),
            PODCTL_FIELD(defaultMode), PODCTL_FIELD(optional),
            PODCTL_FIELD(defaultUser).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(VsphereVirtualDiskVolumeSource, PODCTL_FIELD(volumePath).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(storagePolicyName), PODCTL_FIELD(storagePolicyID))

PODCTL_TYPE(QuobyteVolumeSource, PODCTL_FIELD(registry).need(), PODCTL_FIELD(volume).need(),
            PODCTL_FIELD(readOnly), PODCTL_FIELD(user), PODCTL_FIELD(group), PODCTL_FIELD(tenant))

PODCTL_TYPE(AzureDiskVolumeSource, PODCTL_FIELD(diskName).need(), PODCTL_FIELD(diskURI).need(),
            PODCTL_FIELD(cachingMode).one_of(enums::kAzureDataDiskCachingMode),
            PODCTL_FIELD(fsType), PODCTL_FIELD(readOnly),
            PODCTL_FIELD(kind).one_of(enums::kAzureDataDiskKind))

PODCTL_TYPE(PhotonPersistentDiskVolumeSource, PODCTL_FIELD(pdID).need(), PODCTL_FIELD(fsType))

PODCTL_TYPE(SecretProjection, PODCTL_FIELD(name), PODCTL_FIELD(items), PODCTL_FIELD(optional))

PODCTL_TYPE(DownwardAPIProjection, PODCTL_FIELD(items))

PODCTL_TYPE(ConfigMapProjection, PODCTL_FIELD(name), PODCTL_FIELD(items), PODCTL_FIELD(optional))

PODCTL_TYPE(ServiceAccountTokenProjection, PODCTL_FIELD(audience), PODCTL_FIELD(expirationSeconds),
            PODCTL_FIELD(path).need(), PODCTL_FIELD(user).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(ClusterTrustBundleProjection, PODCTL_FIELD(name), PODCTL_FIELD(signerName),
            PODCTL_FIELD(labelSelector), PODCTL_FIELD(optional), PODCTL_FIELD(path).need(),
            PODCTL_FIELD(user).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(PodCertificateProjection, PODCTL_FIELD(signerName), PODCTL_FIELD(keyType),
            PODCTL_FIELD(maxExpirationSeconds), PODCTL_FIELD(credentialBundlePath),
            PODCTL_FIELD(keyPath), PODCTL_FIELD(certificateChainPath),
            PODCTL_FIELD(userAnnotations), PODCTL_FIELD(user).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(VolumeProjection, PODCTL_FIELD(secret), PODCTL_FIELD(downwardAPI),
            PODCTL_FIELD(configMap), PODCTL_FIELD(serviceAccountToken),
            PODCTL_FIELD(clusterTrustBundle).gate("ClusterTrustBundleProjection"),
            PODCTL_FIELD(podCertificate).gate("PodCertificateProjection"))

PODCTL_TYPE(ProjectedVolumeSource, PODCTL_FIELD(sources), PODCTL_FIELD(defaultMode),
            PODCTL_FIELD(defaultUser).gate("AtomicWriteVolumeUserFields"))

PODCTL_TYPE(PortworxVolumeSource, PODCTL_FIELD(volumeID).need(), PODCTL_FIELD(fsType),
            PODCTL_FIELD(readOnly))

PODCTL_TYPE(ScaleIOVolumeSource, PODCTL_FIELD(gateway).need(), PODCTL_FIELD(system).need(),
            PODCTL_FIELD(secretRef).need(), PODCTL_FIELD(sslEnabled),
            PODCTL_FIELD(protectionDomain), PODCTL_FIELD(storagePool), PODCTL_FIELD(storageMode),
            PODCTL_FIELD(volumeName), PODCTL_FIELD(fsType), PODCTL_FIELD(readOnly))

PODCTL_TYPE(StorageOSVolumeSource, PODCTL_FIELD(volumeName), PODCTL_FIELD(volumeNamespace),
            PODCTL_FIELD(fsType), PODCTL_FIELD(readOnly), PODCTL_FIELD(secretRef))

PODCTL_TYPE(CSIVolumeSource, PODCTL_FIELD(driver).need(), PODCTL_FIELD(readOnly),
            PODCTL_FIELD(fsType), PODCTL_FIELD(volumeAttributes),
            PODCTL_FIELD(nodePublishSecretRef))

PODCTL_TYPE(VolumeResourceRequirements, PODCTL_FIELD(limits), PODCTL_FIELD(requests))

PODCTL_TYPE(TypedLocalObjectReference, PODCTL_FIELD(apiGroup), PODCTL_FIELD(kind).need(),
            PODCTL_FIELD(name).need())

PODCTL_TYPE(TypedObjectReference, PODCTL_FIELD(apiGroup), PODCTL_FIELD(kind).need(),
            PODCTL_FIELD(name).need(),
            PODCTL_FIELD_NAMED(namespace_, "namespace").gate("CrossNamespaceVolumeDataSource"))

PODCTL_TYPE(PersistentVolumeClaimSpec,
            PODCTL_FIELD(accessModes).one_of(enums::kPersistentVolumeAccessMode),
            PODCTL_FIELD(selector), PODCTL_FIELD(resources), PODCTL_FIELD(volumeName),
            PODCTL_FIELD(storageClassName),
            PODCTL_FIELD(volumeMode).one_of(enums::kPersistentVolumeMode), PODCTL_FIELD(dataSource),
            PODCTL_FIELD(dataSourceRef),
            PODCTL_FIELD(volumeAttributesClassName).gate("VolumeAttributesClass"))

PODCTL_TYPE(PersistentVolumeClaimTemplate, PODCTL_FIELD(metadata), PODCTL_FIELD(spec).need())

PODCTL_TYPE(EphemeralVolumeSource, PODCTL_FIELD(volumeClaimTemplate))

PODCTL_TYPE(ImageVolumeSource, PODCTL_FIELD(reference),
            PODCTL_FIELD(pullPolicy).one_of(enums::kPullPolicy))

PODCTL_TYPE(Volume, PODCTL_FIELD(name).need(), PODCTL_FIELD(hostPath), PODCTL_FIELD(emptyDir),
            PODCTL_FIELD(gcePersistentDisk).old(), PODCTL_FIELD(awsElasticBlockStore).old(),
            PODCTL_FIELD(gitRepo).old(), PODCTL_FIELD(secret), PODCTL_FIELD(nfs),
            PODCTL_FIELD(iscsi), PODCTL_FIELD(glusterfs).old(), PODCTL_FIELD(persistentVolumeClaim),
            PODCTL_FIELD(rbd).old(), PODCTL_FIELD(flexVolume).old(), PODCTL_FIELD(cinder).old(),
            PODCTL_FIELD(cephfs).old(), PODCTL_FIELD(flocker).old(), PODCTL_FIELD(downwardAPI),
            PODCTL_FIELD(fc), PODCTL_FIELD(azureFile).old(), PODCTL_FIELD(configMap),
            PODCTL_FIELD(vsphereVolume).old(), PODCTL_FIELD(quobyte).old(),
            PODCTL_FIELD(azureDisk).old(), PODCTL_FIELD(photonPersistentDisk).old(),
            PODCTL_FIELD(projected), PODCTL_FIELD(portworxVolume).old(),
            PODCTL_FIELD(scaleIO).old(), PODCTL_FIELD(storageos).old(), PODCTL_FIELD(csi),
            PODCTL_FIELD(ephemeral), PODCTL_FIELD(image))

}  // namespace podctl::api
