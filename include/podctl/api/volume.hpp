// Volumes: every volume source of a pod, and the claims and projections they hold.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_volume.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/quantity.hpp"

namespace podctl::api {

struct HostPathVolumeSource {
  std::string path;
  std::string type;
};

struct EmptyDirVolumeSource {
  std::string medium;
  Quantity sizeLimit;
  std::optional<std::int32_t> mode;
};

struct GCEPersistentDiskVolumeSource {
  std::string pdName;
  std::string fsType;
  std::optional<std::int32_t> partition;
  std::optional<bool> readOnly;
};

struct AWSElasticBlockStoreVolumeSource {
  std::string volumeID;
  std::string fsType;
  std::optional<std::int32_t> partition;
  std::optional<bool> readOnly;
};

struct GitRepoVolumeSource {
  std::string repository;
  std::string revision;
  std::string directory;
};

struct KeyToPath {
  std::string key;
  std::string path;
  std::optional<std::int32_t> mode;
  std::optional<std::int64_t> user;
};

struct SecretVolumeSource {
  std::string secretName;
  std::vector<KeyToPath> items;
  std::optional<std::int32_t> defaultMode;
  std::optional<bool> optional;
  std::optional<std::int64_t> defaultUser;
};

struct NFSVolumeSource {
  std::string server;
  std::string path;
  std::optional<bool> readOnly;
};

struct ISCSIVolumeSource {
  std::string targetPortal;
  std::string iqn;
  std::int32_t lun = 0;
  std::string iscsiInterface;
  std::string fsType;
  std::optional<bool> readOnly;
  std::vector<std::string> portals;
  std::optional<bool> chapAuthDiscovery;
  std::optional<bool> chapAuthSession;
  Box<LocalObjectReference> secretRef;
  std::string initiatorName;
};

struct GlusterfsVolumeSource {
  std::string endpoints;
  std::string path;
  std::optional<bool> readOnly;
};

struct PersistentVolumeClaimVolumeSource {
  std::string claimName;
  std::optional<bool> readOnly;
};

struct RBDVolumeSource {
  std::vector<std::string> monitors;
  std::string image;
  std::string fsType;
  std::string pool;
  std::string user;
  std::string keyring;
  Box<LocalObjectReference> secretRef;
  std::optional<bool> readOnly;
};

struct FlexVolumeSource {
  std::string driver;
  std::string fsType;
  Box<LocalObjectReference> secretRef;
  std::optional<bool> readOnly;
  std::map<std::string, std::string> options;
};

struct CinderVolumeSource {
  std::string volumeID;
  std::string fsType;
  std::optional<bool> readOnly;
  Box<LocalObjectReference> secretRef;
};

struct CephFSVolumeSource {
  std::vector<std::string> monitors;
  std::string path;
  std::string user;
  std::string secretFile;
  Box<LocalObjectReference> secretRef;
  std::optional<bool> readOnly;
};

struct FlockerVolumeSource {
  std::string datasetName;
  std::string datasetUUID;
};

struct ObjectFieldSelector {
  std::string apiVersion;
  std::string fieldPath;
};

struct ResourceFieldSelector {
  std::string containerName;
  std::string resource;
  Quantity divisor;
};

struct DownwardAPIVolumeFile {
  std::string path;
  Box<ObjectFieldSelector> fieldRef;
  Box<ResourceFieldSelector> resourceFieldRef;
  std::optional<std::int32_t> mode;
  std::optional<std::int64_t> user;
};

struct DownwardAPIVolumeSource {
  std::vector<DownwardAPIVolumeFile> items;
  std::optional<std::int32_t> defaultMode;
  std::optional<std::int64_t> defaultUser;
};

struct FCVolumeSource {
  std::vector<std::string> targetWWNs;
  std::optional<std::int32_t> lun;
  std::string fsType;
  std::optional<bool> readOnly;
  std::vector<std::string> wwids;
};

struct AzureFileVolumeSource {
  std::string secretName;
  std::string shareName;
  std::optional<bool> readOnly;
};

struct ConfigMapVolumeSource {
  std::string name;
  std::vector<KeyToPath> items;
  std::optional<std::int32_t> defaultMode;
  std::optional<bool> optional;
  std::optional<std::int64_t> defaultUser;
};

struct VsphereVirtualDiskVolumeSource {
  std::string volumePath;
  std::string fsType;
  std::string storagePolicyName;
  std::string storagePolicyID;
};

struct QuobyteVolumeSource {
  std::string registry;
  std::string volume;
  std::optional<bool> readOnly;
  std::string user;
  std::string group;
  std::string tenant;
};

struct AzureDiskVolumeSource {
  std::string diskName;
  std::string diskURI;
  std::string cachingMode;
  std::string fsType;
  std::optional<bool> readOnly;
  std::string kind;
};

struct PhotonPersistentDiskVolumeSource {
  std::string pdID;
  std::string fsType;
};

struct SecretProjection {
  std::string name;
  std::vector<KeyToPath> items;
  std::optional<bool> optional;
};

struct DownwardAPIProjection {
  std::vector<DownwardAPIVolumeFile> items;
};

struct ConfigMapProjection {
  std::string name;
  std::vector<KeyToPath> items;
  std::optional<bool> optional;
};

struct ServiceAccountTokenProjection {
  std::string audience;
  std::optional<std::int64_t> expirationSeconds;
  std::string path;
  std::optional<std::int64_t> user;
};

struct ClusterTrustBundleProjection {
  std::string name;
  std::string signerName;
  Box<LabelSelector> labelSelector;
  std::optional<bool> optional;
  std::string path;
  std::optional<std::int64_t> user;
};

struct PodCertificateProjection {
  std::string signerName;
  std::string keyType;
  std::optional<std::int32_t> maxExpirationSeconds;
  std::string credentialBundlePath;
  std::string keyPath;
  std::string certificateChainPath;
  std::map<std::string, std::string> userAnnotations;
  std::optional<std::int64_t> user;
};

struct VolumeProjection {
  Box<SecretProjection> secret;
  Box<DownwardAPIProjection> downwardAPI;
  Box<ConfigMapProjection> configMap;
  Box<ServiceAccountTokenProjection> serviceAccountToken;
  Box<ClusterTrustBundleProjection> clusterTrustBundle;
  Box<PodCertificateProjection> podCertificate;
};

struct ProjectedVolumeSource {
  std::vector<VolumeProjection> sources;
  std::optional<std::int32_t> defaultMode;
  std::optional<std::int64_t> defaultUser;
};

struct PortworxVolumeSource {
  std::string volumeID;
  std::string fsType;
  std::optional<bool> readOnly;
};

struct ScaleIOVolumeSource {
  std::string gateway;
  std::string system;
  LocalObjectReference secretRef;
  std::optional<bool> sslEnabled;
  std::string protectionDomain;
  std::string storagePool;
  std::string storageMode;
  std::string volumeName;
  std::string fsType;
  std::optional<bool> readOnly;
};

struct StorageOSVolumeSource {
  std::string volumeName;
  std::string volumeNamespace;
  std::string fsType;
  std::optional<bool> readOnly;
  Box<LocalObjectReference> secretRef;
};

struct CSIVolumeSource {
  std::string driver;
  std::optional<bool> readOnly;
  std::string fsType;
  std::map<std::string, std::string> volumeAttributes;
  Box<LocalObjectReference> nodePublishSecretRef;
};

struct VolumeResourceRequirements {
  std::map<std::string, Quantity> limits;
  std::map<std::string, Quantity> requests;
};

struct TypedLocalObjectReference {
  std::string apiGroup;
  std::string kind;
  std::string name;
};

struct TypedObjectReference {
  std::string apiGroup;
  std::string kind;
  std::string name;
  std::string namespace_;
};

struct PersistentVolumeClaimSpec {
  std::vector<std::string> accessModes;
  Box<LabelSelector> selector;
  Box<VolumeResourceRequirements> resources;
  std::string volumeName;
  std::string storageClassName;
  std::string volumeMode;
  Box<TypedLocalObjectReference> dataSource;
  Box<TypedObjectReference> dataSourceRef;
  std::string volumeAttributesClassName;
};

struct PersistentVolumeClaimTemplate {
  ObjectMeta metadata;
  PersistentVolumeClaimSpec spec;
};

struct EphemeralVolumeSource {
  Box<PersistentVolumeClaimTemplate> volumeClaimTemplate;
};

struct ImageVolumeSource {
  std::string reference;
  std::string pullPolicy;
};

struct Volume {
  std::string name;
  Box<HostPathVolumeSource> hostPath;
  Box<EmptyDirVolumeSource> emptyDir;
  Box<GCEPersistentDiskVolumeSource> gcePersistentDisk;
  Box<AWSElasticBlockStoreVolumeSource> awsElasticBlockStore;
  Box<GitRepoVolumeSource> gitRepo;
  Box<SecretVolumeSource> secret;
  Box<NFSVolumeSource> nfs;
  Box<ISCSIVolumeSource> iscsi;
  Box<GlusterfsVolumeSource> glusterfs;
  Box<PersistentVolumeClaimVolumeSource> persistentVolumeClaim;
  Box<RBDVolumeSource> rbd;
  Box<FlexVolumeSource> flexVolume;
  Box<CinderVolumeSource> cinder;
  Box<CephFSVolumeSource> cephfs;
  Box<FlockerVolumeSource> flocker;
  Box<DownwardAPIVolumeSource> downwardAPI;
  Box<FCVolumeSource> fc;
  Box<AzureFileVolumeSource> azureFile;
  Box<ConfigMapVolumeSource> configMap;
  Box<VsphereVirtualDiskVolumeSource> vsphereVolume;
  Box<QuobyteVolumeSource> quobyte;
  Box<AzureDiskVolumeSource> azureDisk;
  Box<PhotonPersistentDiskVolumeSource> photonPersistentDisk;
  Box<ProjectedVolumeSource> projected;
  Box<PortworxVolumeSource> portworxVolume;
  Box<ScaleIOVolumeSource> scaleIO;
  Box<StorageOSVolumeSource> storageos;
  Box<CSIVolumeSource> csi;
  Box<EphemeralVolumeSource> ephemeral;
  Box<ImageVolumeSource> image;
};

}  // namespace podctl::api
